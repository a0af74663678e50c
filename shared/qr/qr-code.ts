/** QR codes (ISO/IEC 18004) as pictures that doors can read from paper and from scratched phones. */
import { toPngBuffer } from "lean-qr/extras/node_export";
import { QUIET_ZONE, qrModules } from "./qr-modules";

const WHITE = [255, 255, 255] as const;
const BLACK = [0, 0, 0] as const;

/** A PNG of two colours, black on white whatever stands behind it. `scale` is pixels a module. */
export function qrPng(text: string, scale = 6): Uint8Array {
  return new Uint8Array(toPngBuffer(qrModules(text), { on: BLACK, off: WHITE, pad: QUIET_ZONE, scale }));
}
