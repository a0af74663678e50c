/**
 * The RS256 keys of access tokens. Made at first need, one for all isolates; kept wrapped (AES-256-GCM) under a key derived from the
 * secret KEY_ENCRYPTION_KEY, so that the database alone can sign nothing.
 */
import { and, desc, eq, gt, isNull, or } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { sha256 } from "../../shared/crypto/bytes";
import { signingKeys } from "./schema";
import { seal, unseal } from "./sealing";

export interface SigningKey {
  kid: string;
  privateKey: CryptoKey;
}

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const MODULUS_BITS = 2048;
const PURPOSE = "signing_keys";
/** An isolate notices a rotation within this. */
const REMEMBER_MS = 60_000;
/** A key signs for this long … */
export const SIGNING_MS = 30 * 24 * 3_600_000;
/** … and its successor is published this long before it signs, so that no verifier meets a key that its copy of the set lacks. */
export const PUBLISHED_BEFORE_MS = 24 * 3_600_000;
/** Longer than a token lives, and than anybody keeps an old JWKS. */
export const PUBLISHED_AFTER_RETIREMENT_MS = 24 * 3_600_000;
/**
 * Whoever has another KEY_ENCRYPTION_KEY than the one that replaced his key signs on with it for this long, while it is published: two
 * versions of this Worker run during a deployment, and each would replace the other's key with every token.
 */
export const SIGNS_ON_MS = 12 * 3_600_000;

let remembered: { key: SigningKey; secret: string; untilMs: number } | undefined;

/** The key that signs now. */
export async function signingKey(env: AuthEnv, nowMs: number): Promise<SigningKey> {
  if (remembered && remembered.untilMs > nowMs && remembered.secret === env.KEY_ENCRYPTION_KEY) return remembered.key;
  const row = await signingRow(env, nowMs);
  const key = { kid: row.kid, privateKey: await unwrap(env, row.kid, row.wrappedPrivateKey) };
  remembered = { key, secret: env.KEY_ENCRYPTION_KEY, untilMs: nowMs + REMEMBER_MS };
  return key;
}

/**
 * Public members only, of every key that may have signed a token still alive, and of the one that signs next. Anybody may ask: of a key
 * that is there it moves nothing, and it makes the very first, because verifiers keep what they read.
 */
export async function publicKeys(env: AuthEnv, nowMs: number): Promise<{ keys: JsonWebKey[] }> {
  const rows = await publishedRows(env, nowMs);
  if (rows.length === 0) await replaceSigningKey(env, null, nowMs);
  const published = rows.length === 0 ? await publishedRows(env, nowMs) : rows;
  return { keys: published.map(({ publicJwk }) => JSON.parse(publicJwk) as JsonWebKey) };
}

const publishedRows = (env: AuthEnv, nowMs: number) =>
  drizzle(env.DB)
    .select({ publicJwk: signingKeys.publicJwk })
    .from(signingKeys)
    .where(or(isNull(signingKeys.retiredAtMs), gt(signingKeys.retiredAtMs, nowMs - PUBLISHED_AFTER_RETIREMENT_MS)))
    .orderBy(desc(signingKeys.createdAtMs));

/** The row that whoever has this secret signs by; made when there is none, and in the place of one that nobody here can open. */
async function signingRow(env: AuthEnv, nowMs: number) {
  const row = await activeRow(env);
  const mine = await fingerprint(env);
  if (row?.masterKey === mine) return row;
  const own = await drizzle(env.DB)
    .select()
    .from(signingKeys)
    .where(and(eq(signingKeys.masterKey, mine), gt(signingKeys.retiredAtMs, nowMs - SIGNS_ON_MS)))
    .orderBy(desc(signingKeys.retiredAtMs))
    .limit(1)
    .get();
  return own ?? replaceSigningKey(env, row?.kid ?? null, nowMs);
}

const unretired = (env: AuthEnv, signs: boolean) =>
  drizzle(env.DB)
    .select()
    .from(signingKeys)
    .where(and(isNull(signingKeys.retiredAtMs), eq(signingKeys.signs, signs)))
    .get();
const activeRow = (env: AuthEnv) => unretired(env, true);

/** Retires `kid` and lets a new key sign; when another isolate was first, its key is the answer. */
export async function replaceSigningKey(env: AuthEnv, kid: string | null, nowMs: number) {
  const insert = await newKey(env, { signs: true, signsFromMs: nowMs }, nowMs);
  await env.DB.batch([...(kid === null ? [] : [retire(env, kid, nowMs)]), insert]);
  const row = await activeRow(env);
  if (!row) throw new Error("no signing key after one was made");
  return row;
}

const retire = (env: AuthEnv, kid: string, nowMs: number): D1PreparedStatement =>
  env.DB.prepare("UPDATE signing_keys SET retired_at_ms = ? WHERE kid = ? AND retired_at_ms IS NULL").bind(nowMs, kid);

/**
 * The sweep's turn: publishes a successor while the key that signs is old, lets it sign a day later, and forgets keys that nobody
 * publishes any more. Returns how many keys moved.
 */
export async function rotateSigningKeys(env: AuthEnv, nowMs: number): Promise<number> {
  const current = await signingRow(env, nowMs);
  const next = await unretired(env, false);
  const forget = env.DB.prepare("DELETE FROM signing_keys WHERE retired_at_ms <= ?").bind(nowMs - PUBLISHED_AFTER_RETIREMENT_MS);
  const { meta } = await forget.run();
  // Another secret's key signs: who has that secret sees to it.
  if (current.retiredAtMs !== null) return meta.changes;
  if (!next) {
    if (current.signsFromMs + SIGNING_MS - PUBLISHED_BEFORE_MS > nowMs) return meta.changes;
    await (await newKey(env, { signs: false, signsFromMs: nowMs + PUBLISHED_BEFORE_MS }, nowMs)).run();
    return meta.changes + 1;
  }
  if (next.signsFromMs > nowMs) return meta.changes;
  if (next.masterKey !== (await fingerprint(env))) {
    // It cannot be opened here, and it has signed nothing. Not before its day: two versions would drop each other's all the time.
    await retire(env, next.kid, nowMs).run();
    return meta.changes + 1;
  }
  // Two sweeps at once do the same twice: each statement names its key.
  const sign = env.DB.prepare("UPDATE signing_keys SET signs = 1 WHERE kid = ? AND retired_at_ms IS NULL").bind(next.kid);
  await env.DB.batch([retire(env, current.kid, nowMs), sign]);
  return meta.changes + 1;
}

async function newKey(env: AuthEnv, when: { signs: boolean; signsFromMs: number }, nowMs: number): Promise<D1PreparedStatement> {
  const pair = await generateKeyPair("RS256", { extractable: true, modulusLength: MODULUS_BITS });
  const { kty, n, e } = await exportJWK(pair.publicKey);
  const newKid = await calculateJwkThumbprint({ kty, n, e } as { kty: "RSA"; n: string; e: string });
  return env.DB.prepare(
    `INSERT INTO signing_keys (kid, public_jwk, wrapped_private_key, master_key, created_at_ms, signs, signs_from_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  ).bind(
    newKid,
    JSON.stringify({ kty, n, e, kid: newKid, alg: "RS256", use: "sig" }),
    await wrap(env, newKid, pair.privateKey),
    await fingerprint(env),
    nowMs,
    when.signs ? 1 : 0,
    when.signsFromMs,
  );
}

/** Names the secret without telling it. */
const fingerprint = async (env: AuthEnv): Promise<string> =>
  (await sha256(`bilten:signing_keys:fingerprint\0${env.KEY_ENCRYPTION_KEY}`)).slice(0, 16);

/** The PKCS #8, sealed for its `kid`, so that rows cannot be swapped. */
async function wrap(env: AuthEnv, kid: string, privateKey: CryptoKey): Promise<string> {
  // Bytes: only a JWK is exported as an object.
  const pkcs8 = (await crypto.subtle.exportKey("pkcs8", privateKey)) as ArrayBuffer;
  return seal(env, PURPOSE, kid, new Uint8Array(pkcs8));
}

async function unwrap(env: AuthEnv, kid: string, text: string): Promise<CryptoKey> {
  const pkcs8 = await unseal(env, PURPOSE, kid, text);
  if (!pkcs8) throw new Error("a wrapped key does not open");
  return crypto.subtle.importKey("pkcs8", pkcs8, RS256, false, ["sign"]);
}
