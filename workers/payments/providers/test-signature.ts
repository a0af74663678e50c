import { hmacText, verifyHmac } from "../../../shared/crypto/hmac";

export const SIGNATURE_HEADER = "bilten-test-signature";

/** A copy of an old webhook is worth nothing after this. */
const TOLERANCE_MS = 5 * 60_000;
const HEADER = /^t=(\d{1,15}),v1=([\w-]{43})$/;

const parts = (timestampMs: number, body: string): string[] => ["test_webhook", String(timestampMs), body];

/** `t=<milliseconds>,v1=<HMAC-SHA-256>` over the time and the body, as card processors do it. */
export const sign = async (secret: string, body: string, nowMs: number): Promise<string> =>
  `t=${nowMs},v1=${await hmacText(secret, parts(nowMs, body))}`;

export async function verify(secret: string, body: string, header: string | null, nowMs: number): Promise<boolean> {
  const [, time, mac] = HEADER.exec(header ?? "") ?? [];
  if (time === undefined || mac === undefined || Math.abs(nowMs - Number(time)) > TOLERANCE_MS) return false;
  return verifyHmac(secret, parts(Number(time), body), mac);
}
