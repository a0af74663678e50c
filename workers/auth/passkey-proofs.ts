/** What a passkey proves (WebAuthn Level 3, 7.2): at a second factor's question, at a step-up, and as the only factor there is. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { fromBase64Url, utf8 } from "../../shared/crypto/bytes";
import { both, forgetTries, type Proof } from "./mfa-proofs";
import { CHALLENGE_MS, type ChallengePurpose, newChallenge, proveFirstAnswer } from "./passkey-challenges";
import { type PasskeyRow, passkeys } from "./schema";

/** The library weighs more than the rest of auth: loaded at an isolate's first passkey, not at its start. */
export const webauthn = () => import("@simplewebauthn/server");

/** Passkeys belong to the issuer's host, and no other origin's answer counts. */
export const relyingParty = (env: AuthEnv): { id: string; origin: string } => {
  const { hostname, origin } = new URL(env.ISSUER);
  return { id: hostname, origin };
};

const MAX_CHARACTERS = 8192;
const Base64Url = z
  .string()
  .regex(/^[\w-]+$/, "base64url")
  .max(MAX_CHARACTERS);
export const CredentialId = Base64Url.max(1400);
/** Authenticators and browsers say more than what is needed, and more each year. */
const Extensions = z.record(z.string(), z.unknown()).default({});

export const Assertion = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: z.literal("public-key"),
    response: z.object({
      clientDataJSON: Base64Url,
      authenticatorData: Base64Url,
      signature: Base64Url,
      userHandle: z.string().max(128).nullish(),
    }),
    clientExtensionResults: Extensions,
  })
  .meta({ id: "PasskeyAssertion", description: "`PublicKeyCredential.toJSON()` of `navigator.credentials.get()`" });
export type Assertion = z.infer<typeof Assertion>;

export const PasskeyQuestion = z
  .object({
    challenge: z.string(),
    rpId: z.string().optional(),
    timeout: z.int().optional(),
    userVerification: z.string().optional(),
    allowCredentials: z
      .array(z.object({ id: z.string(), type: z.literal("public-key"), transports: z.array(z.string()).optional() }))
      .optional(),
  })
  .meta({ id: "PasskeyQuestion", description: "What `PublicKeyCredential.parseRequestOptionsFromJSON()` takes" });
export type PasskeyQuestion = z.infer<typeof PasskeyQuestion>;

export const transportsOf = ({ transports }: PasskeyRow): string[] => z.array(z.string()).parse(JSON.parse(transports));

export const passkeysOf = (env: AuthEnv, accountId: string): Promise<PasskeyRow[]> =>
  drizzle(env.DB).select().from(passkeys).where(eq(passkeys.accountId, accountId)).orderBy(passkeys.createdAtMs);

/** Whose a credential says it is, which proves nothing. Ids are random: nobody learns from it whether an address has an account. */
export const ownerOfPasskey = (env: AuthEnv, credentialId: string): Promise<string | null> =>
  env.DB.prepare("SELECT account_id FROM passkeys WHERE credential_id = ?").bind(credentialId).first<string>("account_id");

/** Without an account it asks for whichever passkey the device has for this host, and for the person's own unlocking of it. */
export async function askPasskey(
  env: AuthEnv,
  { purpose, subject, accountId }: { purpose: ChallengePurpose; subject: string; accountId: string | null },
  nowMs: number,
): Promise<PasskeyQuestion> {
  const { generateAuthenticationOptions } = await webauthn();
  const known = accountId === null ? [] : await passkeysOf(env, accountId);
  return PasskeyQuestion.parse(
    await generateAuthenticationOptions({
      rpID: relyingParty(env).id,
      challenge: await newChallenge(env, purpose, subject, nowMs),
      timeout: CHALLENGE_MS,
      userVerification: accountId === null ? "required" : "preferred",
      ...(accountId === null
        ? {}
        : { allowCredentials: known.map((row) => ({ id: row.credentialId, transports: transportsOf(row) })) }),
    }),
  );
}

export interface PasskeyProof extends Proof {
  accountId: string;
}

interface Asked {
  purpose: ChallengePurpose;
  subject: string;
  /** Null when the passkey itself says whose it is. */
  accountId: string | null;
  userVerification: boolean;
}

/** Whatever does not fit is refused alike: challenge, origin, signature, counter, or whose it is. */
export async function provePasskey(
  env: AuthEnv,
  asked: Asked,
  assertion: Assertion,
  nowMs: number,
): Promise<Result<PasskeyProof, Refusal<"passkey_invalid">>> {
  const refused = refuse({ code: "passkey_invalid" as const });
  const row = await drizzle(env.DB).select().from(passkeys).where(eq(passkeys.credentialId, assertion.id)).get();
  if (!row || (asked.accountId !== null && row.accountId !== asked.accountId)) return refused;
  if (!isHandleOf(assertion.response.userHandle ?? null, row.accountId, asked.accountId === null)) return refused;

  const answered = await verifyAssertion(env, asked, row, assertion, nowMs);
  if (!answered) return refused;
  // Of two answers that were counted from the same number one is a copy's.
  const unmoved = { sql: "EXISTS (SELECT 1 FROM passkeys WHERE id = ? AND sign_count = ?)", values: [row.id, row.signCount] };
  const use = env.DB.prepare("UPDATE passkeys SET sign_count = ?, backed_up = ?, last_used_at_ms = ? WHERE id = ?");
  return ok({
    accountId: row.accountId,
    condition: both(answered.first.condition, unmoved),
    effects: [
      ...answered.first.effects,
      use.bind(answered.newCounter, answered.backedUp ? 1 : 0, nowMs, row.id),
      forgetTries(env, row.accountId),
    ],
  });
}

/** What the authenticator keeps as the user's handle is the account's id. */
export const userHandleOf = (accountId: string): Uint8Array<ArrayBuffer> => utf8(accountId);

function isHandleOf(handle: string | null, accountId: string, needed: boolean): boolean {
  if (handle === null || handle === "") return !needed;
  const bytes = fromBase64Url(handle);
  return bytes !== null && new TextDecoder().decode(bytes) === accountId;
}

async function verifyAssertion(env: AuthEnv, asked: Asked, row: PasskeyRow, assertion: Assertion, nowMs: number) {
  const { verifyAuthenticationResponse } = await webauthn();
  const publicKey = fromBase64Url(row.publicKey);
  if (!publicKey) throw new Error("a passkey's key is not base64url");
  const { id, origin } = relyingParty(env);
  const { userHandle, ...signed } = assertion.response;
  let first: Proof | null = null;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...assertion, response: { ...signed, ...(userHandle ? { userHandle } : {}) } },
      expectedChallenge: async (challenge) => {
        first = await proveFirstAnswer(env, asked.purpose, asked.subject, challenge, nowMs);
        return first !== null;
      },
      expectedOrigin: origin,
      expectedRPID: id,
      credential: { id: row.credentialId, publicKey, counter: row.signCount },
      requireUserVerification: asked.userVerification,
    });
    const proof = first as Proof | null;
    if (!verified || !proof) return null;
    return { first: proof, newCounter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp };
  } catch {
    // The library throws for each thing that does not fit; its words quote what the client sent.
    return null;
  }
}
