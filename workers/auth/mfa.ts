/** The second question of a login, answered. */
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import type { Audience } from "./access-tokens";
import { findById } from "./accounts";
import type { Client } from "./clients";
import { noteWrongFactor } from "./factor-failures";
import { answered, mfaLoginOf, stillWaits } from "./mfa-logins";
import { both, type Proof } from "./mfa-proofs";
import type { After } from "./news";
import { Assertion, askPasskey, type PasskeyQuestion, provePasskey } from "./passkey-proofs";
import { type Barred, barred, openSession, type SessionAnswer } from "./sessions";
import { OfferedCode, proveCode } from "./totp-factors";

const TypedCode = z.strictObject({ method: z.enum(["totp", "recovery_code"]), code: OfferedCode });
const PasskeyCode = z.strictObject({ method: z.literal("webauthn"), code: Assertion });
/** `code` is what the person types, or what the browser's `navigator.credentials.get()` gave as JSON. */
export const SecondFactorCode = z.discriminatedUnion("method", [TypedCode, PasskeyCode]);
export type SecondFactorCode = z.infer<typeof SecondFactorCode>;

const MfaToken = z.string().min(1).max(200);
export const MfaTokenForm = z.strictObject({ mfaToken: MfaToken }).meta({ id: "MfaToken" });
export const MfaVerification = z
  .discriminatedUnion("method", [TypedCode.extend({ mfaToken: MfaToken }), PasskeyCode.extend({ mfaToken: MfaToken })])
  .meta({ id: "MfaVerification" });
export type MfaVerification = z.infer<typeof MfaVerification>;

export type NoProof = Refusal<"code_invalid" | "account_locked" | "passkey_invalid">;

/** `subject` is what a passkey's challenge was made for: the login that waits, or the session that steps up. */
export async function prove(
  env: AuthEnv,
  after: After,
  { accountId, subject, client }: { accountId: string; subject: string; client?: Client | undefined },
  offered: SecondFactorCode,
  nowMs: number,
): Promise<Result<Proof, NoProof>> {
  const proof =
    offered.method === "webauthn"
      ? await provePasskey(env, { purpose: "second_factor", subject, accountId, userVerification: false }, offered.code, nowMs)
      : await proveCode(env, accountId, offered.method, offered.code, nowMs, client);
  if (!proof.ok) noteWrongFactor(env, after, accountId, offered.method, nowMs, client);
  return proof;
}

/** Once for each token, and each code; who is suspended meanwhile stays out. */
export async function verifyMfa(
  env: AuthEnv,
  after: After,
  { mfaToken, ...offered }: MfaVerification,
  audience: Audience,
  nowMs: number,
): Promise<Result<SessionAnswer, NoProof | Refusal<"mfa_token_invalid" | Barred>>> {
  const login = await mfaLoginOf(env, mfaToken, audience, nowMs);
  const account = login ? await findById(env, login.accountId) : undefined;
  if (!login || !account) return refuse({ code: "mfa_token_invalid" });
  const bar = barred(account);
  if (bar) return refuse(bar);
  const { client } = audience;
  const proof = await prove(env, after, { accountId: account.id, subject: login.id, client }, offered, nowMs);
  if (!proof.ok) return proof;

  const opened = await openSession(env, account, audience, both(stillWaits(login, nowMs), proof.value.condition), nowMs);
  const effects = [...opened.effects, ...proof.value.effects, answered(env, login, nowMs)];
  const moved = await guardedBatch(env.DB, opened.start, effects);
  if (moved.ok) return ok(await opened.answer());
  // A second click, with the right code: the first one has answered this login.
  if (await mfaLoginOf(env, mfaToken, audience, nowMs)) noteWrongFactor(env, after, account.id, offered.method, nowMs, client);
  return refuse({ code: "code_invalid" });
}

/** What the browser's `navigator.credentials.get()` takes, for a login that waits. */
export async function askPasskeyOfLogin(
  env: AuthEnv,
  mfaToken: string,
  audience: Audience,
  nowMs: number,
): Promise<Result<PasskeyQuestion, Refusal<"mfa_token_invalid">>> {
  const login = await mfaLoginOf(env, mfaToken, audience, nowMs);
  if (!login) return refuse({ code: "mfa_token_invalid" });
  return ok(await askPasskey(env, { purpose: "second_factor", subject: login.id, accountId: login.accountId }, nowMs));
}
