import { hmac } from "./hmac";

const format = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

function stamped(bytes: Uint8Array, version: number): string {
  const stamp = bytes.slice(0, 16);
  stamp[6] = ((stamp[6] ?? 0) & 0x0f) | (version << 4);
  stamp[8] = ((stamp[8] ?? 0) & 0x3f) | 0x80;
  return format(stamp.toHex());
}

/** UUIDv7 (RFC 9562, 5.7): ordered by time, so that new rows stand together in an index. `lastByte` names a shard (rule 19). */
export function uuidV7(nowMs: number, lastByte?: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0; i < 6; i++) bytes[i] = Math.floor(nowMs / 2 ** (8 * (5 - i))) & 0xff;
  if (lastByte !== undefined) bytes[15] = lastByte;
  return stamped(bytes, 7);
}

/** UUIDv8 (RFC 9562, 5.8) of an HMAC: the same caller, method, route and key always name the same thing (rule 20). */
export async function uuidV8(secret: string, parts: readonly string[], lastByte?: number): Promise<string> {
  const bytes = await hmac(secret, parts);
  if (lastByte !== undefined) bytes[15] = lastByte;
  return stamped(bytes, 8);
}
