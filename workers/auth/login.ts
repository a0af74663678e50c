/** Signing in with a password. */
import { z } from "zod";
import type { LoginAnswer } from "../../shared/contracts/accounts";
import { Email } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import type { Audience } from "./access-tokens";
import { findByEmail } from "./accounts";
import { checkInTurn } from "./comparisons";
import type { CookieGrant } from "./cookie-sessions";
import { beginTry } from "./login-guard";
import { openMfaLogin } from "./mfa-logins";
import type { After } from "./news";
import { hashPassword, isOutdated, OfferedPassword } from "./passwords";
import type { AccountRow } from "./schema";
import { recordFailure } from "./security-events";
import { type Barred, barred, type Condition, openSession } from "./sessions";
import { mailUnlock } from "./unlocking";

export const Credentials = z.strictObject({ email: Email, password: OfferedPassword }).meta({ id: "Credentials" });
export type Credentials = z.infer<typeof Credentials>;

/** Where a login comes from. */
export interface Visit extends Audience {
  /** The client's network address; null where it is not known. */
  address?: string | null;
}

/** No account's id. */
const NOBODY = "";

type Refused = Refusal<"invalid_credentials" | "account_locked" | "rate_limited" | "overloaded" | Barred>;

/** Tokens or a cookie, or what the second factor is asked with where the account has one. */
export async function logIn(
  env: AuthEnv,
  after: After,
  credentials: Credentials,
  visit: Visit,
  nowMs: number,
): Promise<Result<LoginAnswer | CookieGrant, Refused>> {
  const once = await tryOnce(env, after, credentials, visit, nowMs);
  if (!("changedAtMs" in once)) return once;
  // Somebody else changed the account while the password was compared: once more, with what it is now.
  const again = await tryOnce(env, after, credentials, visit, once.changedAtMs);
  return "changedAtMs" in again ? refuse({ code: "invalid_credentials" }) : again;
}

async function tryOnce(
  env: AuthEnv,
  after: After,
  { email, password }: Credentials,
  visit: Visit,
  cameAtMs: number,
): Promise<Result<LoginAnswer | CookieGrant, Refused> | { changedAtMs: number }> {
  const [account, begun] = await Promise.all([findByEmail(env, email), beginTry(env, email, visit.address ?? null)]);
  if (!begun.ok) return begun;
  const counted = begun.value;
  const compared = await checkInTurn(env, after, password, account?.passwordHash ?? null, counted.suspicion);
  if (!compared.ok) {
    await counted.leave();
    // Where wrong ones came from, it is they who are too many.
    return counted.suspicion === 0 ? compared : refuse({ ...compared.error, code: "rate_limited" });
  }
  // A session begins, and its tokens end, by the clock after the queue.
  const nowMs = cameAtMs + compared.value.waitedMs;
  if (!account || !compared.value.matches) {
    const { refusal, locks } = await counted.wrong();
    recordFailure(env, after, account?.id ?? NOBODY, "sign_in_failed", nowMs, visit.client);
    if (locks && account) mailUnlock(env, after, account.id, nowMs, visit.client);
    return refuse(refusal ?? { code: "invalid_credentials" });
  }
  const bar = barred(account);
  if (bar) {
    await counted.leave();
    return refuse(bar);
  }
  // Side by side, because a login may cost little more than its comparison: only the batch opens anything.
  const open = account.mfaEnabled ? openMfaLogin : openSession;
  const [locked, opened, renewed] = await Promise.all([
    counted.right(),
    open(env, account, visit, stillSo(account), nowMs),
    upgraded(env, account, password),
  ]);
  if (locked) return refuse(locked);
  const [started, answer] = await Promise.all([
    guardedBatch(env.DB, opened.start, [...opened.effects, ...renewed]),
    opened.answer(),
  ]);
  return started.ok ? ok(answer) : { changedAtMs: nowMs };
}

/**
 * Whoever waited may have been overtaken: a password that was reset meanwhile opens nothing, nor does one without the factor that was
 * just added, nor that of somebody who was suspended.
 */
const stillSo = (account: AccountRow): Condition => ({
  sql: `EXISTS (SELECT 1 FROM accounts WHERE id = ? AND password_hash = ? AND mfa_enabled = ?
    AND status NOT IN ('suspended', 'deleted') AND email_verified_at_ms IS NOT NULL)`,
  values: [account.id, account.passwordHash, account.mfaEnabled ? 1 : 0],
});

/** Only now is the password known again, so that it can be stored with today's work. */
async function upgraded(env: AuthEnv, account: AccountRow, password: string): Promise<D1PreparedStatement[]> {
  if (account.passwordHash === null || !isOutdated(account.passwordHash)) return [];
  // A password that was changed in the meantime stays what it was changed to.
  const update = env.DB.prepare("UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ?");
  return [update.bind(await hashPassword(password), account.id, account.passwordHash)];
}
