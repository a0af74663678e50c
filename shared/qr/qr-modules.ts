/** A QR code (ISO/IEC 18004) before it is a picture. */
import { type Bitmap2D, correction, generate } from "lean-qr";

/** White around the code that readers need, in modules (ISO/IEC 18004, 9.1). */
export const QUIET_ZONE = 4;

/** A quarter of it may be unreadable; more would make the modules smaller than a bad camera sees. */
export const qrModules = (text: string): Bitmap2D => generate(text, { minCorrectionLevel: correction.M });
