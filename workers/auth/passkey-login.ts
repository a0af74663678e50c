/** Signing in with a passkey alone: it is something one has, opened by something one is or knows. */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import type { Audience } from "./access-tokens";
import { findById } from "./accounts";
import type { After } from "./news";
import { type Assertion, askPasskey, ownerOfPasskey, type PasskeyQuestion, provePasskey } from "./passkey-proofs";
import { recordFailure } from "./security-events";
import { type Barred, barred, openSession, type SessionAnswer } from "./sessions";

/** Nobody has said yet who he is. */
const ANYBODY = { purpose: "login", subject: "", accountId: null } as const;

export const askAnyPasskey = (env: AuthEnv, nowMs: number): Promise<PasskeyQuestion> => askPasskey(env, ANYBODY, nowMs);

/** On the issuer's host only: on an organizer's the browser has no such passkey, and a page that says otherwise is none of ours. */
export async function logInByPasskey(
  env: AuthEnv,
  after: After,
  assertion: Assertion,
  audience: Audience,
  nowMs: number,
): Promise<Result<SessionAnswer, Refusal<"passkey_invalid" | "main_host_required" | Barred>>> {
  if (audience.organizerId !== null) return refuse({ code: "main_host_required" });
  const proof = await provePasskey(env, { ...ANYBODY, userVerification: true }, assertion, nowMs);
  if (!proof.ok) {
    const owner = await ownerOfPasskey(env, assertion.id);
    if (owner !== null) recordFailure(env, after, owner, "passkey_failed", nowMs, audience.client);
    return proof;
  }
  const account = await findById(env, proof.value.accountId);
  if (!account) return refuse({ code: "passkey_invalid" });
  const bar = barred(account);
  if (bar) return refuse(bar);
  const opened = await openSession(env, account, audience, proof.value.condition, nowMs);
  const moved = await guardedBatch(env.DB, opened.start, [...opened.effects, ...proof.value.effects]);
  if (moved.ok) return ok(await opened.answer());
  recordFailure(env, after, account.id, "passkey_failed", nowMs, audience.client);
  return refuse({ code: "passkey_invalid" });
}
