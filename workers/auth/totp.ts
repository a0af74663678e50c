/** Time-based one-time passwords (RFC 6238) over HOTP (RFC 4226). */
import { toBase32 } from "./base32";

export const STEP_SECONDS = 30;
export const TOTP_DIGITS = 6;
/** HMAC-SHA-1's block takes 20 bytes of secret (RFC 4226, 4). */
export const SECRET_BYTES = 20;
/** A clock may be one step off, and a code may be typed as its step ends (RFC 6238, 5.2). */
const STEPS_OFF = [0, -1, 1];
const ISSUER = "Bilten";

type Hash = "SHA-1" | "SHA-256" | "SHA-512";

export const stepAt = (nowMs: number): number => Math.floor(nowMs / 1000 / STEP_SECONDS);

/** The code of a step. Apps know SHA-1 and six digits; the rest is what the standard has besides. */
export async function codeAt(
  secret: Uint8Array<ArrayBuffer>,
  step: number,
  { hash = "SHA-1", digits = TOTP_DIGITS }: { hash?: Hash; digits?: number } = {},
): Promise<string> {
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash }, false, ["sign"]);
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf;
  const truncated = mac.getUint32(offset) & 0x7fff_ffff;
  return String(truncated % 10 ** digits).padStart(digits, "0");
}

/** The step whose code this is, among now and its neighbours; null for none of them. */
export async function stepOf(secret: Uint8Array<ArrayBuffer>, code: string, nowMs: number): Promise<number | null> {
  const now = stepAt(nowMs);
  for (const off of STEPS_OFF) if ((await codeAt(secret, now + off)) === code) return now + off;
  return null;
}

/** What authenticator apps read from a QR code (Key Uri Format). */
export function otpauthUrl(secret: Uint8Array, accountName: string): string {
  const label = `${ISSUER}:${encodeURIComponent(accountName)}`;
  return `otpauth://totp/${label}?secret=${toBase32(secret)}&issuer=${ISSUER}&algorithm=SHA1&digits=${TOTP_DIGITS}&period=${STEP_SECONDS}`;
}
