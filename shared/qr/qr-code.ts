/** QR codes (ISO/IEC 18004) as pictures that doors can read from paper and from scratched phones. */
import { correction, generate } from "lean-qr";
import { toPngBuffer } from "lean-qr/extras/node_export";

/** White around the code that readers need, in modules (ISO/IEC 18004, 9.1). */
const QUIET_ZONE = 4;
const WHITE = [255, 255, 255] as const;
const BLACK = [0, 0, 0] as const;

/** A PNG of two colours, black on white whatever stands behind it. `scale` is pixels a module. */
export function qrPng(text: string, scale = 6): Uint8Array {
  // A quarter of it may be unreadable; more would make the modules smaller than a bad camera sees.
  const code = generate(text, { minCorrectionLevel: correction.M });
  return new Uint8Array(toPngBuffer(code, { on: BLACK, off: WHITE, pad: QUIET_ZONE, scale }));
}
