import { z } from "zod";
import { User } from "../../shared/contracts/accounts";
import { Email, PersonName } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import { emailKey, findByEmail, findById, userOf } from "./accounts";
import { hashInTurn } from "./comparisons";
import { beginRegistration } from "./login-guard";
import { openMailedLink } from "./mailed-links";
import { type Chosen, firstMail, repeatVerification, requestAnotherVerification, tellOwner } from "./mails";
import { type After, accountNews, send } from "./news";
import { judgePassword } from "./password-policy";
import { NewPassword } from "./passwords";

export const Registration = z
  .strictObject({ email: Email, password: NewPassword, name: PersonName })
  .meta({ id: "Registration" });
export type Registration = z.infer<typeof Registration>;

/** The same whether the address was taken or not: no id, no time, nothing that the database had to say. */
export const Registered = z
  .object({ user: z.object({ email: z.string(), name: z.string(), status: z.literal("pending") }) })
  .meta({ id: "Registered" });
export type Registered = z.infer<typeof Registered>;

export const VerificationToken = z.strictObject({ token: z.string().min(1).max(200) }).meta({ id: "VerificationToken" });
export const Verified = z.object({ user: User }).meta({ id: "Verified" });
export const MailAddress = z.strictObject({ email: Email }).meta({ id: "MailAddress" });

/**
 * Makes a pending account and asks for its verification mail. An address that waits for its first click gets another mail, whose
 * click installs this registration's password and no other's; the owner of one that is confirmed hears of it, with no token.
 * `address` is the client's; null where it is not known.
 */
export async function register(
  env: AuthEnv,
  after: After,
  draft: Registration,
  nowMs: number,
  address: string | null = null,
): Promise<Result<Registered, Refusal<"invalid_body" | "overloaded" | "rate_limited">>> {
  const unfit = await judgePassword(env, after, draft.password, draft, "/password");
  if (unfit) return refuse(unfit);
  const begun = await beginRegistration(env, address);
  if (!begun.ok) return begun;
  // Before the look-up: a taken address takes as long.
  const hashed = await hashInTurn(env, after, draft.password, begun.value.suspicion).finally(begun.value.leave);
  if (!hashed.ok) return hashed;
  const chosen = { name: draft.name, passwordHash: hashed.value };
  let owner = await findByEmail(env, draft.email);
  if (!owner && !(await createAccount(env, after, draft.email, chosen, nowMs))) owner = await findByEmail(env, draft.email);
  if (owner?.status === "pending") await requestAnotherVerification(env, after, owner.id, chosen, nowMs);
  else if (owner) await tellOwner(env, after, owner.id, nowMs);
  return ok({ user: { email: draft.email, name: draft.name, status: "pending" } });
}

/** False when somebody took the address in between. */
async function createAccount(env: AuthEnv, after: After, email: string, chosen: Chosen, nowMs: number): Promise<boolean> {
  const id = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO accounts (id, email, email_key, name, password_hash, created_at_ms, updated_at_ms)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)`,
  ).bind(id, email, emailKey(email), chosen.name, chosen.passwordHash, nowMs);
  const registered = accountNews("account.registered", id, 1, nowMs);
  const mail = firstMail(env, id, chosen, nowMs);
  try {
    await env.DB.batch([insert, mail.insert, announce(env.DB, registered), announce(env.DB, mail.news)]);
  } catch (error) {
    if (isConstraint(error, "accounts.email_key")) return false;
    throw error;
  }
  send(env, after, [registered, mail.news]);
  return true;
}

/** Once, and within its day: the mail's row is what says so, and whose password the account has from then on. */
export async function verifyEmail(
  env: AuthEnv,
  after: After,
  token: string,
  nowMs: number,
): Promise<Result<z.infer<typeof Verified>, Refusal<"invalid_token">>> {
  const link = await openMailedLink(env, "verification", token, nowMs);
  if (!link) return refuse({ code: "invalid_token" });
  const { account, mailId } = link;
  // A suspended account stays suspended, with its address confirmed. The mail's name and password stay in its row until the end of
  // this batch.
  const confirm = env.DB.prepare(
    `UPDATE accounts SET email_verified_at_ms = coalesce(email_verified_at_ms, ?1), version = version + 1, updated_at_ms = ?1,
       status = CASE status WHEN 'pending' THEN 'active' ELSE status END,
       (name, password_hash) = (SELECT name, password_hash FROM account_mails WHERE id = ?3)
     WHERE id = ?2`,
  ).bind(nowMs, account.id, mailId);
  // What was resent or registered meanwhile has nothing left to confirm, and its password is nobody's.
  const useOthers = env.DB.prepare(
    `UPDATE account_mails SET used_at_ms = coalesce(used_at_ms, ?), name = NULL, password_hash = NULL
     WHERE account_id = ? AND kind = 'verification'`,
  ).bind(nowMs, account.id);
  const verified = accountNews("account.verified", account.id, account.version + 1, nowMs);
  const moved = await guardedBatch(env.DB, link.use, [confirm, useOthers, announce(env.DB, verified)]);
  if (!moved.ok) return refuse({ code: "invalid_token" });
  send(env, after, [verified]);
  const confirmed = await findById(env, account.id);
  return confirmed ? ok({ user: userOf(confirmed) }) : refuse({ code: "invalid_token" });
}

/** Nobody learns from it whether there is such an account, or whether it waits for a mail. */
export async function resendVerification(env: AuthEnv, after: After, email: string, nowMs: number): Promise<void> {
  const account = await findByEmail(env, email);
  await repeatVerification(env, after, account?.id ?? uuidV7(nowMs), nowMs);
}
