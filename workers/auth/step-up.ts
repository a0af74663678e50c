/** Proving again who one is, for what a session alone may not do (RFC 9470). */
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { findById } from "./accounts";
import type { SignedIn } from "./callers";
import type { Client } from "./clients";
import { noteWrongFactor } from "./factor-failures";
import { type NoProof, prove, SecondFactorCode } from "./mfa";
import type { Proof } from "./mfa-proofs";
import type { After } from "./news";
import { askPasskey, type PasskeyQuestion } from "./passkey-proofs";
import { confirmPassword } from "./password-change";
import { OfferedPassword } from "./passwords";
import type { AccountRow } from "./schema";
import { recordEvent } from "./security-events";
import { renewSession, type SessionAnswer } from "./sessions";

export const StepUp = z
  .union([z.strictObject({ password: OfferedPassword }), ...SecondFactorCode.options])
  .meta({ id: "StepUp" });
export type StepUp = z.infer<typeof StepUp>;

type NoStepUp = NoProof | Refusal<"invalid_credentials" | "overloaded" | "second_factor_required" | "credential_invalid">;

/**
 * Tokens of the same session with a new `auth_time`; the refresh token that comes with them replaces the one in hand. Who shows his
 * session by `cookie`, the secret, gets another cookie.
 */
export async function stepUp(
  env: AuthEnv,
  after: After,
  { userId, sessionId, cookie, client }: SignedIn & { cookie?: string | undefined },
  offered: StepUp,
  nowMs: number,
): Promise<Result<SessionAnswer, NoStepUp>> {
  const account = await findById(env, userId);
  if (account?.status !== "active") return refuse({ code: "credential_invalid" });
  const proof = await proveAgain(env, after, account, { sessionId, client }, offered, nowMs);
  if (!proof.ok) return proof;
  const renewed = await renewSession(env, account, { sessionId, cookie }, proof.value.condition, nowMs);
  if (!renewed) return refuse({ code: "credential_invalid" });
  const told = recordEvent(env, userId, "stepped_up", nowMs, { client });
  const moved = await guardedBatch(env.DB, renewed.start, [...renewed.effects, ...proof.value.effects, told]);
  if (moved.ok) return ok(await renewed.answer());
  if ("method" in offered) noteWrongFactor(env, after, userId, offered.method, nowMs, client);
  return refuse({ code: "code_invalid" });
}

async function proveAgain(
  env: AuthEnv,
  after: After,
  account: AccountRow,
  { sessionId, client }: { sessionId: string; client: Client | undefined },
  offered: StepUp,
  nowMs: number,
): Promise<Result<Proof, NoStepUp>> {
  if (!("password" in offered)) return prove(env, after, { accountId: account.id, subject: sessionId, client }, offered, nowMs);
  if (account.mfaEnabled) return refuse({ code: "second_factor_required" });
  const confirmed = await confirmPassword(env, after, account.id, offered.password, nowMs, client);
  if (!confirmed.ok) return confirmed;
  const sql = "EXISTS (SELECT 1 FROM accounts WHERE id = ? AND password_hash = ? AND mfa_enabled = 0)";
  return ok({ condition: { sql, values: [account.id, account.passwordHash] }, effects: [] });
}

/** What the browser's `navigator.credentials.get()` takes, for a session that steps up. */
export const askPasskeyOfSession = (env: AuthEnv, { userId, sessionId }: SignedIn, nowMs: number): Promise<PasskeyQuestion> =>
  askPasskey(env, { purpose: "second_factor", subject: sessionId, accountId: userId }, nowMs);
