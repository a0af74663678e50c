/**
 * What a ticket's QR carries: `BT1.` and one base64url text of 35 bytes (version, event id, ticket id, ticket version) and their
 * Ed25519 signature (RFC 8032), which is the same each time (rule 15). A door that has the public key needs no network to refuse a
 * forged one.
 */
import { fromBase64Url, toBase64Url } from "../../shared/crypto/bytes";

const PREFIX = "BT1.";
const FORMAT = 1;
const ID_BYTES = 16;
const PAYLOAD_BYTES = 1 + 2 * ID_BYTES + 2;
const SIGNATURE_BYTES = 64;
const MAX_TICKET_VERSION = 0xffff;

export interface TicketClaim {
  eventId: string;
  ticketId: string;
  /** Grows when the ticket is reissued. */
  version: number;
}

interface KeyPair {
  sign: CryptoKey;
  verify: CryptoKey;
}

/** Imported once an isolate, by the secret's text, so that a rotated key is a new entry. */
const keyPairs = new Map<string, Promise<KeyPair>>();

/** The secret is a private Ed25519 key as a JWK (RFC 8037); the public one is part of it. */
function keyPairOf(jwk: string): Promise<KeyPair> {
  let pair = keyPairs.get(jwk);
  if (!pair) {
    pair = importKeys(jwk);
    keyPairs.set(jwk, pair);
  }
  return pair;
}

async function importKeys(text: string): Promise<KeyPair> {
  const { kty, crv, x, d } = JSON.parse(text) as JsonWebKey;
  const [sign, verify] = await Promise.all([
    crypto.subtle.importKey("jwk", { kty, crv, x, d } as JsonWebKey, { name: "Ed25519" }, false, ["sign"]),
    crypto.subtle.importKey("jwk", { kty, crv, x } as JsonWebKey, { name: "Ed25519" }, false, ["verify"]),
  ]);
  return { sign, verify };
}

export async function signCode(jwk: string, claim: TicketClaim): Promise<string> {
  const payload = pack(claim);
  const { sign } = await keyPairOf(jwk);
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", sign, payload));
  const bytes = new Uint8Array(PAYLOAD_BYTES + SIGNATURE_BYTES);
  bytes.set(payload);
  bytes.set(signature, PAYLOAD_BYTES);
  return PREFIX + toBase64Url(bytes);
}

/** Null for anything that this key did not sign, to the last character. */
export async function verifyCode(jwk: string, code: string): Promise<TicketClaim | null> {
  if (!code.startsWith(PREFIX)) return null;
  const bytes = fromBase64Url(code.slice(PREFIX.length));
  if (bytes?.byteLength !== PAYLOAD_BYTES + SIGNATURE_BYTES || bytes[0] !== FORMAT) return null;
  const payload = bytes.slice(0, PAYLOAD_BYTES);
  const { verify } = await keyPairOf(jwk);
  const isOurs = await crypto.subtle.verify("Ed25519", verify, bytes.slice(PAYLOAD_BYTES), payload);
  return isOurs ? unpack(payload) : null;
}

function pack({ eventId, ticketId, version }: TicketClaim): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(version) || version < 0 || version > MAX_TICKET_VERSION)
    throw new Error("a ticket's version has 16 bits");
  const payload = new Uint8Array(PAYLOAD_BYTES);
  payload[0] = FORMAT;
  payload.set(bytesOfId(eventId), 1);
  payload.set(bytesOfId(ticketId), 1 + ID_BYTES);
  payload[PAYLOAD_BYTES - 2] = version >> 8;
  payload[PAYLOAD_BYTES - 1] = version & 0xff;
  return payload;
}

const unpack = (payload: Uint8Array): TicketClaim => ({
  eventId: idOfBytes(payload.slice(1, 1 + ID_BYTES)),
  ticketId: idOfBytes(payload.slice(1 + ID_BYTES, 1 + 2 * ID_BYTES)),
  version: ((payload[PAYLOAD_BYTES - 2] ?? 0) << 8) | (payload[PAYLOAD_BYTES - 1] ?? 0),
});

const bytesOfId = (id: string): Uint8Array => Uint8Array.fromHex(id.replaceAll("-", ""));

function idOfBytes(bytes: Uint8Array): string {
  const hex = bytes.toHex();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
