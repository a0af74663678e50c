/**
 * What an authenticator signs (WebAuthn Level 3, 13.4.3). A challenge is derived and says itself when it ends, so that asking for one
 * writes nothing; the answer to it is what the database remembers.
 */
import { fromBase64Url, sha256, toBase64Url } from "../../shared/crypto/bytes";
import { hmac, verifyHmac } from "../../shared/crypto/hmac";
import type { Proof } from "./mfa-proofs";

/** Time to find the key and touch it. */
export const CHALLENGE_MS = 5 * 60_000;
const TIME_BYTES = 8;
const RANDOM_BYTES = 16;
const HEAD_BYTES = TIME_BYTES + RANDOM_BYTES;

export type ChallengePurpose = "registration" | "second_factor" | "login";

const partsOf = (purpose: ChallengePurpose, subject: string, head: Uint8Array): string[] => [
  "passkey_challenge",
  purpose,
  subject,
  toBase64Url(head),
];

/** `subject` is whom or what it is for; the same one must answer. */
export async function newChallenge(
  env: AuthEnv,
  purpose: ChallengePurpose,
  subject: string,
  nowMs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const head = crypto.getRandomValues(new Uint8Array(HEAD_BYTES));
  new DataView(head.buffer).setBigUint64(0, BigInt(nowMs + CHALLENGE_MS));
  const mac = await hmac(env.ACCOUNT_TOKEN_KEY, partsOf(purpose, subject, head));
  const challenge = new Uint8Array(head.byteLength + mac.byteLength);
  challenge.set(head);
  challenge.set(mac, head.byteLength);
  return challenge;
}

/** When it ends, or null for one that was never given for this, or has ended. */
async function endOf(
  env: AuthEnv,
  purpose: ChallengePurpose,
  subject: string,
  text: string,
  nowMs: number,
): Promise<number | null> {
  const bytes = fromBase64Url(text);
  if (!bytes || bytes.byteLength <= HEAD_BYTES) return null;
  const [head, mac] = [bytes.slice(0, HEAD_BYTES), bytes.slice(HEAD_BYTES)];
  if (!(await verifyHmac(env.ACCOUNT_TOKEN_KEY, partsOf(purpose, subject, head), toBase64Url(mac)))) return null;
  const endsAtMs = Number(new DataView(head.buffer).getBigUint64(0));
  return endsAtMs > nowMs ? endsAtMs : null;
}

/** That it is answered for the first time; null for one that is none. */
export async function proveFirstAnswer(
  env: AuthEnv,
  purpose: ChallengePurpose,
  subject: string,
  text: string,
  nowMs: number,
): Promise<Proof | null> {
  const endsAtMs = await endOf(env, purpose, subject, text, nowMs);
  if (endsAtMs === null) return null;
  const hash = await sha256(text);
  return {
    condition: { sql: "NOT EXISTS (SELECT 1 FROM answered_challenges WHERE hash = ?)", values: [hash] },
    effects: [env.DB.prepare("INSERT INTO answered_challenges (hash, expires_at_ms) VALUES (?, ?)").bind(hash, endsAtMs)],
  };
}

const SWEEP_LIMIT = 500;
/** A challenge that has ended is refused without them. */
export async function sweepChallenges(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    "DELETE FROM answered_challenges WHERE hash IN (SELECT hash FROM answered_challenges WHERE expires_at_ms <= ? LIMIT ?)",
  )
    .bind(nowMs, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
