import { hmacText, verifyHmac } from "../../shared/crypto/hmac";

const TOKEN = /^bo_([1-9]\d{0,8})_([\w-]{43})$/;

const parts = (orderId: string, version: number): string[] => ["order_token", orderId, String(version)];

/** A guest's key to one order: derived, so that a repeated answer can carry it and no database can leak it (rule 4). */
export const orderToken = async (orderKey: string, orderId: string, version: number): Promise<string> =>
  `bo_${version}_${await hmacText(orderKey, parts(orderId, version))}`;

/** The hold's own Worker says whether it is one. */
export const looksLikeHoldSecret = (secret: string): boolean => secret.startsWith("bh_");

export const looksLikeOrderToken = (secret: string): boolean => TOKEN.test(secret);

/** The version that the token was made for, null where it is not this order's. Whether that version still counts, the row says. */
export async function verifyOrderToken(orderKey: string, orderId: string, secret: string): Promise<number | null> {
  const [, version, mac] = TOKEN.exec(secret) ?? [];
  if (version === undefined || mac === undefined) return null;
  return (await verifyHmac(orderKey, parts(orderId, Number(version)), mac)) ? Number(version) : null;
}
