/** A new password for somebody signed in who knows the old one. */
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { findById } from "./accounts";
import type { SignedIn } from "./callers";
import type { Client } from "./clients";
import { checkInTurn } from "./comparisons";
import { sendDenials } from "./denials";
import { beginTry } from "./login-guard";
import { notice, requestUnlock } from "./mails";
import { type After, send } from "./news";
import { judgePassword } from "./password-policy";
import { setPassword } from "./password-reset";
import { hashPassword, NewPassword, OfferedPassword } from "./passwords";
import type { AccountRow } from "./schema";
import { recordFailure } from "./security-events";
import { revokeAll } from "./sessions";

export const PasswordChange = z
  .strictObject({ currentPassword: OfferedPassword, newPassword: NewPassword })
  .meta({ id: "PasswordChange" });
export type PasswordChange = z.infer<typeof PasswordChange>;

type WrongPassword = Refusal<"invalid_credentials" | "account_locked" | "overloaded">;

/** The account behind a session, when its owner knows the password. Wrong ones count as at login, or a stolen session could guess. */
export async function confirmPassword(
  env: AuthEnv,
  after: After,
  accountId: string,
  password: string,
  nowMs: number,
  client?: Client,
): Promise<Result<AccountRow, WrongPassword>> {
  const account = await findById(env, accountId);
  if (!account) return refuse({ code: "invalid_credentials" });
  const begun = await beginTry(env, account.email);
  if (!begun.ok) return begun;
  const compared = await checkInTurn(env, after, password, account.passwordHash, begun.value.suspicion);
  if (!compared.ok) {
    await begun.value.leave();
    return compared;
  }
  if (compared.value.matches) {
    const locked = await begun.value.right();
    return locked ? refuse(locked) : ok(account);
  }
  recordFailure(env, after, account.id, "password_check_failed", nowMs, client);
  const { refusal, locks } = await begun.value.wrong();
  if (locks) await requestUnlock(env, account.id, nowMs, client);
  return refuse(refusal ?? { code: "invalid_credentials" });
}

/** Ends every session but the one that asks. */
export async function changePassword(
  env: AuthEnv,
  after: After,
  { userId, sessionId, client }: SignedIn,
  { currentPassword, newPassword }: PasswordChange,
  nowMs: number,
): Promise<Result<null, WrongPassword | Refusal<"invalid_body">>> {
  const confirmed = await confirmPassword(env, after, userId, currentPassword, nowMs, client);
  if (!confirmed.ok) return confirmed;
  const account = confirmed.value;
  const unfit = await judgePassword(env, after, newPassword, account, "/newPassword");
  if (unfit) return refuse(unfit);

  // Of two changes at once the second one's current password is no longer that.
  const still = env.DB.prepare("UPDATE accounts SET updated_at_ms = updated_at_ms WHERE id = ? AND password_hash = ?");
  const told = notice(env, account.id, "password_changed", nowMs, { client });
  const changed = await guardedBatch(env.DB, still.bind(account.id, account.passwordHash), [
    ...setPassword(env, account.id, await hashPassword(newPassword), nowMs),
    ...revokeAll(env, account.id, "password_changed", nowMs, sessionId),
    ...told.effects,
  ]);
  if (!changed.ok) return refuse({ code: "invalid_credentials" });
  send(env, after, [told.news]);
  await sendDenials(env, after, nowMs);
  return ok(null);
}
