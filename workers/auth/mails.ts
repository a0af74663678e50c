/** Mails that auth asks for: a row each, never its token, which is derived from the row's id (rule 4). */
import { z } from "zod";
import type { AccountMail } from "../../shared/contracts/accounts";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Envelope } from "../../shared/contracts/messages";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import { MAX_IDS } from "./accounts";
import type { Client } from "./clients";
import { tokenOf } from "./id-tokens";
import { TRIES } from "./mfa-proofs";
import { type After, mailNews, send } from "./news";
import type { AccountRow, MailKind } from "./schema";
import { recordEvent, type SecurityEventKind } from "./security-events";

const VALID_MS: Record<MailKind, number> = {
  verification: 24 * 3_600_000,
  already_registered: 24 * 3_600_000,
  password_reset: 3_600_000,
  password_changed: 24 * 3_600_000,
  factors_changed: 24 * 3_600_000,
  totp_added: 24 * 3_600_000,
  totp_removed: 24 * 3_600_000,
  passkey_added: 24 * 3_600_000,
  passkey_removed: 24 * 3_600_000,
  recovery_code_used: 24 * 3_600_000,
  recovery_codes_renewed: 24 * 3_600_000,
  second_factor_locked: 24 * 3_600_000,
  api_key_created: 24 * 3_600_000,
  api_key_rotated: 24 * 3_600_000,
  unlock: 3_600_000,
  new_device: 24 * 3_600_000,
};
const CARRYING: readonly MailKind[] = ["verification", "password_reset", "unlock"];
/** A mail is repeated after this at the earliest, whoever asks for it. Not in development, where tests ask all the time. */
const PAUSE_MS = 60_000;
const REGISTRATIONS_AN_HOUR = 5;
const REGISTRATIONS_WINDOW_MS = 3_600_000;

/** What a registration chose; the click on its own mail makes it the account's. */
export interface Chosen {
  name: string;
  passwordHash: string;
}

export interface RequestedMail {
  insert: D1PreparedStatement;
  news: Envelope;
}

/** The verification mail of a registration, for the batch that makes the account too. */
export function firstMail(env: AuthEnv, accountId: string, chosen: Chosen, nowMs: number): RequestedMail {
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms, name, password_hash)
     VALUES (?, ?, 'verification', ?, ?, ?, ?)`,
  ).bind(mailId, accountId, nowMs, nowMs + VALID_MS.verification, chosen.name, chosen.passwordHash);
  return { insert, news: mailNews(accountId, mailId, nowMs) };
}

/**
 * Somebody registers an address again that nobody has confirmed: a mail of its own, because who registered before may be a stranger
 * who waits for the owner's click. Only so many an hour, or anybody could fill a mailbox.
 */
export async function requestAnotherVerification(
  env: AuthEnv,
  after: After,
  accountId: string,
  chosen: Chosen,
  nowMs: number,
): Promise<void> {
  const most = env.ENVIRONMENT === "development" ? Number.MAX_SAFE_INTEGER : REGISTRATIONS_AN_HOUR;
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms, name, password_hash)
     SELECT ?1, id, 'verification', ?2, ?3, ?4, ?5 FROM accounts
     WHERE id = ?6 AND status = 'pending'
       AND (SELECT count(*) FROM account_mails WHERE account_id = ?6 AND kind = 'verification' AND created_at_ms > ?7) < ?8`,
  ).bind(
    mailId,
    nowMs,
    nowMs + VALID_MS.verification,
    chosen.name,
    chosen.passwordHash,
    accountId,
    nowMs - REGISTRATIONS_WINDOW_MS,
    most,
  );
  // So that whoever registered last, whether the address was free or waited for its click, hears the same at login.
  const latest = env.DB.prepare("UPDATE accounts SET password_hash = ? WHERE id = ?").bind(chosen.passwordHash, accountId);
  await ask(env, after, { insert, news: mailNews(accountId, mailId, nowMs) }, [latest]);
}

/**
 * Repeats the verification of a pending account that one registration alone was made for. Where several were, nobody can tell whose
 * to repeat: a stranger's would open the account to him. Its owner registers again then, and gets a mail of his own.
 */
export async function repeatVerification(env: AuthEnv, after: After, accountId: string, nowMs: number): Promise<void> {
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms, name, password_hash)
     SELECT ?1, a.id, 'verification', ?2, ?3, min(m.name), min(m.password_hash)
     FROM accounts a JOIN account_mails m ON m.account_id = a.id AND m.kind = 'verification'
     WHERE a.id = ?4 AND a.status = 'pending'
     GROUP BY a.id HAVING count(DISTINCT m.password_hash) = 1 AND max(m.created_at_ms) <= ?5`,
  ).bind(mailId, nowMs, nowMs + VALID_MS.verification, accountId, pauseBefore(env, nowMs));
  await ask(env, after, { insert, news: mailNews(accountId, mailId, nowMs) });
}

/** To the owner of an address that somebody registered again, unless he heard of it just now. */
export const tellOwner = (env: AuthEnv, after: After, accountId: string, nowMs: number): Promise<void> =>
  askOncePerPause(env, after, accountId, "already_registered", ["active", "suspended"], nowMs);

/** A link by which the owner of the address chooses a new password. Who is suspended gets none: it would open nothing. */
export const requestReset = (env: AuthEnv, after: After, accountId: string, nowMs: number, client?: Client): Promise<void> =>
  askOncePerPause(env, after, accountId, "password_reset", ["active"], nowMs, {
    client,
    effects: [recordEvent(env, accountId, "password_reset_requested", nowMs, { client })],
  });

/** A link by which the owner of the address ends a lock. A lock of fifteen minutes at least comes between two. The sweep sends it. */
export async function requestUnlock(env: AuthEnv, accountId: string, nowMs: number, client?: Client): Promise<Envelope | null> {
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms, device, place)
     SELECT ?1, id, 'unlock', ?2, ?3, ?5, ?6 FROM accounts WHERE id = ?4 AND status = 'active'`,
  ).bind(mailId, nowMs, nowMs + VALID_MS.unlock, accountId, ...boundClient(client));
  const news = mailNews(accountId, mailId, nowMs);
  return (await guardedBatch(env.DB, insert, [announce(env.DB, news), recordEvent(env, accountId, "locked", nowMs, { client })]))
    .ok
    ? news
    : null;
}

/** Ten wrong codes: whoever typed them knew the password, or sits at a session. One mail for one lock; null while there is none. */
export async function tellFactorLock(env: AuthEnv, accountId: string, nowMs: number, client?: Client): Promise<Envelope | null> {
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms, device, place)
     SELECT ?1, f.account_id, 'second_factor_locked', max(?2, f.tries_since_ms), ?3, ?5, ?6 FROM account_factors f
     WHERE f.account_id = ?4 AND f.tries > 0 AND f.tries % ${TRIES} = 0 AND NOT EXISTS (
       SELECT 1 FROM account_mails WHERE account_id = ?4 AND kind = 'second_factor_locked' AND created_at_ms >= f.tries_since_ms)`,
  ).bind(mailId, nowMs, nowMs + VALID_MS.second_factor_locked, accountId, ...boundClient(client));
  const news = mailNews(accountId, mailId, nowMs);
  const recorded = recordEvent(env, accountId, "second_factor_locked", nowMs, { client });
  return (await guardedBatch(env.DB, insert, [announce(env.DB, news), recorded])).ok ? news : null;
}

const boundClient = (client?: Client): (string | null)[] => [client?.device ?? null, client?.place ?? null];

async function askOncePerPause(
  env: AuthEnv,
  after: After,
  accountId: string,
  kind: MailKind,
  statuses: AccountRow["status"][],
  nowMs: number,
  { client, effects = [] }: { client?: Client | undefined; effects?: D1PreparedStatement[] } = {},
): Promise<void> {
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms, device, place)
     SELECT ?1, id, ?2, ?3, ?4, ?8, ?9 FROM accounts
     WHERE id = ?5 AND status IN (SELECT value FROM json_each(?6)) AND NOT EXISTS (
       SELECT 1 FROM account_mails WHERE account_id = ?5 AND kind = ?2 AND created_at_ms > ?7)`,
  ).bind(
    mailId,
    kind,
    nowMs,
    nowMs + VALID_MS[kind],
    accountId,
    JSON.stringify(statuses),
    pauseBefore(env, nowMs),
    ...boundClient(client),
  );
  await ask(env, after, { insert, news: mailNews(accountId, mailId, nowMs) }, effects);
}

export type Notice = Extract<MailKind, SecurityEventKind>;

/**
 * Tells the owner what was done with the account (NIST SP 800-63B-4, 4.6) and records it, for the batch that does it. `event` where what
 * happened has another name than what the mail says.
 */
export function notice(
  env: AuthEnv,
  accountId: string,
  kind: Notice,
  nowMs: number,
  { client, event = kind }: { client?: Client | undefined; event?: SecurityEventKind } = {},
): { effects: D1PreparedStatement[]; news: Envelope } {
  const mailId = uuidV7(nowMs);
  const insert = env.DB.prepare(
    "INSERT INTO account_mails (id, account_id, kind, created_at_ms, expires_at_ms, device, place) VALUES (?, ?, ?, ?, ?, ?, ?)",
  ).bind(mailId, accountId, kind, nowMs, nowMs + VALID_MS[kind], ...boundClient(client));
  const news = mailNews(accountId, mailId, nowMs);
  return { effects: [insert, announce(env.DB, news), recordEvent(env, accountId, event, nowMs, { client })], news };
}

/** Requests overtake each other, so that no pause must be none at all, not one of 0 ms. */
const pauseBefore = (env: AuthEnv, nowMs: number): number =>
  env.ENVIRONMENT === "development" ? Number.MAX_SAFE_INTEGER : nowMs - PAUSE_MS;

/** One statement decides, and an id without an account costs the same round trip, so that time tells nothing. */
async function ask(env: AuthEnv, after: After, mail: RequestedMail, effects: D1PreparedStatement[] = []): Promise<void> {
  const requested = await guardedBatch(env.DB, mail.insert, [...effects, announce(env.DB, mail.news)]);
  if (requested.ok) send(env, after, [mail.news]);
}

const WorkingKeys = z.array(z.object({ name: z.string(), hint: z.string() }));
/** A new password ends no key, and its owner should know which stay. */
const WORKING_KEYS = `SELECT json_group_array(json_object('name', k.name, 'hint', k.hint)) FROM api_keys k
  WHERE k.account_id = a.id AND k.revoked_at_ms IS NULL AND (k.expires_at_ms IS NULL OR k.expires_at_ms > ?2)`;

interface MailRow {
  id: string;
  accountId: string;
  kind: MailKind;
  atMs: number;
  device: string | null;
  place: string | null;
  email: string;
  name: string;
  confirmed: number;
  keys: string;
}

/** Mails to whom a stranger may have named: they say nothing of him. */
const UNDONE: readonly MailKind[] = ["verification", "already_registered"];

/** What the mails say, for notifications; those that are used or too old are left out. */
export async function accountMailsOf(env: AuthEnv, ids: readonly string[], nowMs: number): Promise<AccountMail[]> {
  if (ids.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} ids`);
  const { results } = await env.DB.prepare(
    // A list of values, because a statement takes a hundred variables and the moment is one more.
    `SELECT m.id, m.account_id AS accountId, m.kind, m.created_at_ms AS atMs, m.device, m.place, a.email, a.name, a.email_verified_at_ms IS NOT NULL AS confirmed,
       CASE m.kind WHEN 'password_changed' THEN (${WORKING_KEYS}) ELSE '[]' END AS keys
     FROM account_mails m JOIN accounts a ON a.id = m.account_id
     WHERE m.id IN (SELECT value FROM json_each(?1)) AND m.used_at_ms IS NULL AND m.expires_at_ms > ?2`,
  )
    .bind(JSON.stringify(ids), nowMs)
    .all<MailRow>();
  return Promise.all(
    results.map(async ({ id, accountId, kind, atMs, device, place, email, name, confirmed, keys }) => ({
      id,
      accountId,
      kind,
      to: email,
      // Whoever registered somebody else's address could write him a letter in it.
      ...(confirmed ? { name } : {}),
      ...(CARRYING.includes(kind) ? { token: await tokenOf(env, kind, id) } : {}),
      ...(UNDONE.includes(kind) ? {} : { done: { at: toTimestamp(atMs), device, place } }),
      ...(keys === "[]" ? {} : { apiKeys: WorkingKeys.parse(JSON.parse(keys)) }),
    })),
  );
}

const SWEEP_LIMIT = 500;
/** What a registration chose is known as long as its account waits, so that its mail can be repeated (see `repeatVerification`). */
export const PENDING_MS = 7 * 24 * 3_600_000;

/** Mails that nobody can use or repeat any more. */
export async function sweepMails(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    "DELETE FROM account_mails WHERE id IN (SELECT id FROM account_mails WHERE expires_at_ms <= ? LIMIT ?)",
  )
    .bind(nowMs - PENDING_MS, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
