/** Mails that auth asks for: a row each, never its token, which is derived from the row's id (rule 4). */
import { and, eq, gt, inArray, isNull } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { AccountMail } from "../../shared/contracts/accounts";
import { UUID_PATTERN } from "../../shared/contracts/ids";
import type { Envelope } from "../../shared/contracts/messages";
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import { MAX_IDS } from "./accounts";
import { type After, mailNews, send } from "./news";
import { accountMails, accounts, type MailKind } from "./schema";

const VALID_MS: Record<MailKind, number> = {
  verification: 24 * 3_600_000,
  already_registered: 24 * 3_600_000,
  password_reset: 3_600_000,
};
/** An account gets one mail of a kind in this time, whoever asks for it. Not in development, where tests ask all the time. */
const PAUSE_MS = 60_000;
const DELIMITER = ".";

/** `<mail id>.<HMAC>`: opaque to whoever holds it, and stored nowhere. */
export const tokenOf = async (env: AuthEnv, kind: MailKind, mailId: string): Promise<string> =>
  mailId + DELIMITER + (await hmacText(env.ACCOUNT_TOKEN_KEY, [kind, mailId]));

/** The mail's id, or null for a text that this `kind` of mail never carried. Says nothing about use and age. */
export async function mailIdOf(env: AuthEnv, kind: MailKind, token: string): Promise<string | null> {
  const [mailId = "", mac = ""] = token.split(DELIMITER, 2);
  if (!UUID_PATTERN.test(mailId)) return null;
  return (await verifyHmac(env.ACCOUNT_TOKEN_KEY, [kind, mailId], mac)) ? mailId : null;
}

export interface RequestedMail {
  insert: D1PreparedStatement;
  news: Envelope;
}

/** For a batch that makes the account too. */
export function requestedMail(env: AuthEnv, kind: MailKind, accountId: string, nowMs: number): RequestedMail {
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    "INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?)",
  ).bind(mailId, accountId, kind, nowMs, nowMs + VALID_MS[kind]);
  return { insert, news: mailNews(accountId, mailId, nowMs) };
}

/**
 * Asks for a mail when the account is there, has one of `statuses` and got none of this kind just now. One statement decides, and an
 * id without an account costs the same round trip, so that time tells nothing.
 */
export async function requestMail(
  env: AuthEnv,
  after: After,
  kind: MailKind,
  accountId: string,
  statuses: readonly string[],
  nowMs: number,
): Promise<void> {
  const mailId = uuidV7(nowMs);
  // Requests overtake each other, so that no pause must be none at all, not one of 0 ms.
  const noneSinceMs = env.ENVIRONMENT === "development" ? Number.MAX_SAFE_INTEGER : nowMs - PAUSE_MS;
  const insert = env.DB.prepare(
    `INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms)
     SELECT ?1, id, ?2, ?3, ?4 FROM accounts
     WHERE id = ?5 AND status IN (SELECT value FROM json_each(?6))
       AND NOT EXISTS (SELECT 1 FROM account_mails WHERE account_id = ?5 AND kind = ?2 AND created_at_ms > ?7)`,
  ).bind(mailId, kind, nowMs, nowMs + VALID_MS[kind], accountId, JSON.stringify(statuses), noneSinceMs);
  const news = mailNews(accountId, mailId, nowMs);
  const requested = await guardedBatch(env.DB, insert, [announce(env.DB, news)]);
  if (requested.ok) send(env, after, [news]);
}

/** What the mails say, for notifications; those that are used or too old are left out. */
export async function accountMailsOf(env: AuthEnv, ids: readonly string[], nowMs: number): Promise<AccountMail[]> {
  if (ids.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} ids`);
  const rows = await drizzle(env.DB)
    .select({ id: accountMails.id, kind: accountMails.kind, to: accounts.email, name: accounts.name })
    .from(accountMails)
    .innerJoin(accounts, eq(accounts.id, accountMails.accountId))
    .where(and(inArray(accountMails.id, [...ids]), isNull(accountMails.usedAtMs), gt(accountMails.expiresAtMs, nowMs)));
  return Promise.all(
    rows.map(async (row) => (row.kind === "already_registered" ? row : { ...row, token: await tokenOf(env, row.kind, row.id) })),
  );
}

const SWEEP_LIMIT = 500;
/** Rows that no token of theirs can use any more. */
export async function sweepMails(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    "DELETE FROM account_mails WHERE id IN (SELECT id FROM account_mails WHERE expires_at_ms <= ? LIMIT ?)",
  )
    .bind(nowMs, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
