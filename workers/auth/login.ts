/** Signing in with a password. */
import { z } from "zod";
import type { LoginAnswer } from "../../shared/contracts/accounts";
import { Email } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import type { Audience } from "./access-tokens";
import { findByEmail } from "./accounts";
import { addressKey, countWrong, forgetWrong, lockOf, NOT_LOCKED } from "./login-lock";
import { openMfaLogin } from "./mfa-logins";
import { checkPassword, hashPassword, isOutdated, OfferedPassword } from "./passwords";
import type { AccountRow } from "./schema";
import { type Barred, barred, type Condition, openSession } from "./sessions";

export const Credentials = z.strictObject({ email: Email, password: OfferedPassword }).meta({ id: "Credentials" });
export type Credentials = z.infer<typeof Credentials>;

/** Tokens, or what the second factor is asked with where the account has one. `again` after somebody else changed the account. */
export async function logIn(
  env: AuthEnv,
  { email, password }: Credentials,
  audience: Audience,
  nowMs: number,
  again = true,
): Promise<Result<LoginAnswer, Refusal<"invalid_credentials" | "account_locked" | Barred>>> {
  const key = await addressKey(env, email);
  const [account, lock] = await Promise.all([findByEmail(env, email), lockOf(env, key, nowMs)]);
  if (lock) return refuse(lock);
  const matches = await checkPassword(password, account?.passwordHash ?? null);
  if (!account || !matches) return refuse((await countWrong(env, key, nowMs)) ?? { code: "invalid_credentials" });
  const bar = barred(account);
  if (bar) return refuse(bar);

  const condition = stillSo(account, key, nowMs);
  const opened = account.mfaEnabled
    ? await openMfaLogin(env, account, audience, condition, nowMs)
    : await openSession(env, account, audience, condition, nowMs);
  const effects = [...opened.effects, forgetWrong(env, key), ...(await upgraded(env, account, password))];
  const started = await guardedBatch(env.DB, opened.start, effects);
  if (started.ok) return ok(await opened.answer());
  const lockedMeanwhile = await lockOf(env, key, nowMs);
  if (lockedMeanwhile) return refuse(lockedMeanwhile);
  return again ? logIn(env, { email, password }, audience, nowMs, false) : refuse({ code: "invalid_credentials" });
}

/** A password that was reset while this one was compared opens nothing, nor does one without the factor that was just added. */
const stillSo = (account: AccountRow, key: string, nowMs: number): Condition => ({
  sql: `${NOT_LOCKED} AND EXISTS (SELECT 1 FROM accounts WHERE id = ? AND password_hash = ? AND mfa_enabled = ?)`,
  values: [key, nowMs, account.id, account.passwordHash, account.mfaEnabled ? 1 : 0],
});

/** Only now is the password known again, so that it can be stored with today's work. */
async function upgraded(env: AuthEnv, account: AccountRow, password: string): Promise<D1PreparedStatement[]> {
  if (account.passwordHash === null || !isOutdated(account.passwordHash)) return [];
  // A password that was changed in the meantime stays what it was changed to.
  const update = env.DB.prepare("UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ?");
  return [update.bind(await hashPassword(password), account.id, account.passwordHash)];
}
