/** A forgotten password: a mailed link, good for an hour and one use, by which its owner chooses another one. */
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { findByEmail } from "./accounts";
import type { Client } from "./clients";
import { sendDenials } from "./denials";
import { unlockPerson } from "./login-guard";
import { openMailedLink } from "./mailed-links";
import { notice, requestReset } from "./mails";
import { forgetMfaLogins } from "./mfa-logins";
import { allowLastTries } from "./mfa-proofs";
import { type After, send } from "./news";
import { judgePassword } from "./password-policy";
import { hashPassword, NewPassword } from "./passwords";
import { revokeAll } from "./sessions";

export const PasswordReset = z
  .strictObject({ token: z.string().min(1).max(200), password: NewPassword })
  .meta({ id: "PasswordReset" });
export type PasswordReset = z.infer<typeof PasswordReset>;

/** Nobody learns from it, or from how long it takes, whether there is such an account. */
export async function forgetPassword(env: AuthEnv, after: After, email: string, nowMs: number, client?: Client): Promise<void> {
  const account = await findByEmail(env, email);
  await requestReset(env, after, account?.id ?? uuidV7(nowMs), nowMs, client);
}

/**
 * Sets the password, uses up the link with all others of the account, ends all its sessions and its lock. Second factors stay: who
 * reads somebody's mail has only that.
 */
export async function resetPassword(
  env: AuthEnv,
  after: After,
  { token, password }: PasswordReset,
  nowMs: number,
  client?: Client,
): Promise<Result<null, Refusal<"invalid_token" | "invalid_body">>> {
  const link = await openMailedLink(env, "password_reset", token, nowMs);
  if (link?.account.status !== "active") return refuse({ code: "invalid_token" });
  const { account } = link;
  const unfit = await judgePassword(env, after, password, account, "/password");
  if (unfit) return refuse(unfit);
  const passwordHash = await hashPassword(password);

  // Before the link is used up: where the guard does not answer, the link still does.
  await unlockPerson(env, account.email);
  const told = notice(env, account.id, "password_changed", nowMs, { client, event: "password_reset" });
  const reset = await guardedBatch(env.DB, link.use, [
    ...setPassword(env, account.id, passwordHash, nowMs),
    allowLastTries(env, account.id),
    ...revokeAll(env, account.id, "password_changed", nowMs),
    ...told.effects,
  ]);
  if (!reset.ok) return refuse({ code: "invalid_token" });
  send(env, after, [told.news]);
  await sendDenials(env, after, nowMs);
  return ok(null);
}

/** With it end the links and the half-finished logins that the old one made. For a batch. */
export const setPassword = (env: AuthEnv, accountId: string, passwordHash: string, nowMs: number): D1PreparedStatement[] => [
  env.DB.prepare("UPDATE accounts SET password_hash = ? WHERE id = ?").bind(passwordHash, accountId),
  env.DB.prepare(
    "UPDATE account_mails SET used_at_ms = ? WHERE account_id = ? AND kind = 'password_reset' AND used_at_ms IS NULL",
  ).bind(nowMs, accountId),
  forgetMfaLogins(env, accountId),
];
