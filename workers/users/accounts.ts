/** The projection of auth's accounts (rule 21): whoever hears of a change asks auth, and the newer version stays. */
import type { Account } from "../../shared/contracts/accounts";
import { nameKeyOf } from "./user-search";

/** Idempotent, and indifferent to order: an older version changes nothing, and what was forgotten stays so. */
export const storeAccount = (db: D1Database, account: Account): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO accounts (id, email, name, role, status, email_verified, version, created_at_ms, updated_at_ms, mfa_enabled, name_key)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE NOT EXISTS (SELECT 1 FROM forgotten_accounts WHERE id = ?1)
       ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, role = excluded.role, status = excluded.status,
         email_verified = excluded.email_verified, version = excluded.version, updated_at_ms = excluded.updated_at_ms,
         mfa_enabled = excluded.mfa_enabled, name_key = excluded.name_key
       WHERE excluded.version > accounts.version`,
    )
    .bind(
      account.id,
      account.email,
      account.name,
      account.role,
      account.status,
      account.emailVerified ? 1 : 0,
      account.version,
      Date.parse(account.createdAt),
      Date.parse(account.updatedAt),
      account.mfaEnabled ? 1 : 0,
      nameKeyOf(account.name),
    );

/** Auth is the owner: what must be right now is asked there. */
export async function askAccount(env: UsersEnv, id: string): Promise<Account | null> {
  const [account] = await env.AUTH.accounts([id]);
  return account ?? null;
}

/** For siblings that count a person's purchases. */
export async function verifiedEmail(env: UsersEnv, id: string): Promise<string | null> {
  const account = await askAccount(env, id);
  return account?.emailVerified ? account.email : null;
}

/** What auth no longer knows was a registration that nobody confirmed; nothing here can name it. */
export async function refreshAccounts(env: UsersEnv, ids: string[]): Promise<void> {
  const accounts = await env.AUTH.accounts(ids);
  const known = new Set(accounts.map(({ id }) => id));
  const gone = JSON.stringify(ids.filter((id) => !known.has(id)));
  await env.DB.batch([
    ...accounts.map((account) => storeAccount(env.DB, account)),
    env.DB.prepare("DELETE FROM accounts WHERE status = 'pending' AND id IN (SELECT value FROM json_each(?))").bind(gone),
    env.DB.prepare(
      `INSERT INTO forgotten_accounts (id, forgotten_at_ms)
       SELECT value, ? FROM json_each(?) WHERE value NOT IN (SELECT id FROM accounts) ON CONFLICT (id) DO NOTHING`,
    ).bind(Date.now(), gone),
  ]);
}

/** A delivery takes seconds. */
const TOMBSTONE_MS = 86_400_000;
const SWEEP_LIMIT = 500;

export async function sweepForgotten(db: D1Database, nowMs: number): Promise<number> {
  const { meta } = await db
    .prepare(
      "DELETE FROM forgotten_accounts WHERE rowid IN (SELECT rowid FROM forgotten_accounts WHERE forgotten_at_ms < ? LIMIT ?)",
    )
    .bind(nowMs - TOMBSTONE_MS, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
