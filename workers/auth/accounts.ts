import { eq, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Account, ROLES, User } from "../../shared/contracts/accounts";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Envelope } from "../../shared/contracts/messages";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import { denyAccount, sendDenials } from "./denials";
import { type After, accountNews, send } from "./news";
import { type AccountRow, accounts } from "./schema";

export const MAX_IDS = 100;

/** What two addresses are compared by; forms let only ASCII in. */
export const emailKey = (email: string): string => email.toLowerCase();

export const userOf = (row: AccountRow): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  status: row.status,
  emailVerified: row.emailVerifiedAtMs !== null,
  mfaEnabled: row.mfaEnabled,
  createdAt: toTimestamp(row.createdAtMs),
  updatedAt: toTimestamp(row.updatedAtMs),
});

export const accountOf = (row: AccountRow): Account => ({ ...userOf(row), version: row.version });

export async function findByEmail(env: AuthEnv, email: string): Promise<AccountRow | undefined> {
  return drizzle(env.DB)
    .select()
    .from(accounts)
    .where(eq(accounts.emailKey, emailKey(email)))
    .get();
}

export async function findById(env: AuthEnv, id: string): Promise<AccountRow | undefined> {
  return drizzle(env.DB).select().from(accounts).where(eq(accounts.id, id)).get();
}

export async function accountOfEmail(env: AuthEnv, email: string): Promise<Account | null> {
  const row = await findByEmail(env, email);
  return row ? accountOf(row) : null;
}

export async function accountsOf(env: AuthEnv, ids: readonly string[]): Promise<Account[]> {
  if (ids.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} ids`);
  const rows = await drizzle(env.DB)
    .select()
    .from(accounts)
    .where(inArray(accounts.id, [...ids]));
  return rows.map(accountOf);
}

/** With `ifVersion` only while the account is at that version. */
export async function rename(
  env: AuthEnv,
  after: After,
  id: string,
  name: string,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<Account, Refusal<"user_not_found" | "version_stale">>> {
  const row = await findById(env, id);
  if (!row) return refuse({ code: "user_not_found" });
  const update = env.DB.prepare(
    "UPDATE accounts SET name = ?1, version = version + 1, updated_at_ms = ?2 WHERE id = ?3 AND version = coalesce(?4, version)",
  ).bind(name, nowMs, id, ifVersion);
  return (await change(env, after, row, update, nowMs)) ?? refuse({ code: "version_stale" });
}

/** In development alone: nobody can make the first admin otherwise. */
export async function setRole(
  env: AuthEnv,
  after: After,
  email: string,
  role: (typeof ROLES)[number],
  nowMs: number,
): Promise<Result<Account, Refusal<"user_not_found">>> {
  const row = await findByEmail(env, email);
  if (!row) return refuse({ code: "user_not_found" });
  const update = env.DB.prepare("UPDATE accounts SET role = ?, version = version + 1, updated_at_ms = ? WHERE id = ?");
  const denied = denyAccount(env, row.id, nowMs);
  return (await change(env, after, row, update.bind(role, nowMs, row.id), nowMs, [denied])) ?? refuse({ code: "user_not_found" });
}

/** The account as it stands after `update`, announced with it and with its effects; null when the update changed nothing. */
export async function change(
  env: AuthEnv,
  after: After,
  row: AccountRow,
  update: D1PreparedStatement,
  nowMs: number,
  effects: readonly D1PreparedStatement[] = [],
): Promise<{ ok: true; value: Account } | null> {
  const news: Envelope = accountNews("account.changed", row.id, row.version + 1, nowMs);
  const changed = await guardedBatch(env.DB, update, [...effects, announce(env.DB, news)]);
  if (!changed.ok) return null;
  send(env, after, [news]);
  if (effects.length > 0) await sendDenials(env, after, nowMs);
  const changedRow = await findById(env, row.id);
  return changedRow ? ok(accountOf(changedRow)) : null;
}
