/** Logins whose password was right and that wait for a second factor. */
import type { MfaRequired } from "../../shared/contracts/accounts";
import { uuidV7 } from "../../shared/crypto/uuid";
import type { Audience } from "./access-tokens";
import { idOf, tokenOf } from "./id-tokens";
import { methodsOf } from "./mfa-methods";
import type { AccountRow } from "./schema";
import type { Condition, Opened } from "./sessions";

/** Time to find the phone. */
export const MFA_LOGIN_MS = 10 * 60_000;
const PURPOSE = "mfa_login";

export interface MfaLogin {
  id: string;
  accountId: string;
  audience: Audience;
}

/** The second question, in the place of tokens. */
export async function openMfaLogin(
  env: AuthEnv,
  account: AccountRow,
  { audience, organizerId }: Audience,
  condition: Condition,
  nowMs: number,
): Promise<Opened<MfaRequired>> {
  const id = uuidV7(nowMs);
  const start = env.DB.prepare(
    `INSERT INTO mfa_logins (id, account_id, audience, organizer_id, created_at_ms, expires_at_ms)
     SELECT ?, ?, ?, ?, ?, ? WHERE ${condition.sql}`,
  ).bind(id, account.id, audience, organizerId, nowMs, nowMs + MFA_LOGIN_MS, ...condition.values);
  const answer = async (): Promise<MfaRequired> => ({
    mfaRequired: true,
    mfaToken: await tokenOf(env, PURPOSE, id),
    methods: await methodsOf(env, account.id, audience),
  });
  return { start, effects: [], answer };
}

/** Null for a token that was never given, was used, is too old, or belongs to another host. */
export async function mfaLoginOf(env: AuthEnv, token: string, where: Audience, nowMs: number): Promise<MfaLogin | null> {
  const id = await idOf(env, PURPOSE, token);
  if (id === null) return null;
  const row = await env.DB.prepare(
    `SELECT id, account_id AS accountId FROM mfa_logins
     WHERE id = ? AND audience = ? AND organizer_id IS ? AND used_at_ms IS NULL AND expires_at_ms > ?`,
  )
    .bind(id, where.audience, where.organizerId, nowMs)
    .first<{ id: string; accountId: string }>();
  return row && { ...row, audience: where };
}

/** True of one that nobody has answered: two right answers at once open one session. */
export const stillWaits = ({ id }: MfaLogin, nowMs: number): Condition => ({
  sql: "EXISTS (SELECT 1 FROM mfa_logins WHERE id = ? AND used_at_ms IS NULL AND expires_at_ms > ?)",
  values: [id, nowMs],
});

export const answered = (env: AuthEnv, { id }: MfaLogin, nowMs: number): D1PreparedStatement =>
  env.DB.prepare("UPDATE mfa_logins SET used_at_ms = ? WHERE id = ?").bind(nowMs, id);

/** A password that is no longer the account's has opened nothing. */
export const forgetMfaLogins = (env: AuthEnv, accountId: string): D1PreparedStatement =>
  env.DB.prepare("DELETE FROM mfa_logins WHERE account_id = ?").bind(accountId);

const SWEEP_LIMIT = 500;
export async function sweepMfaLogins(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    "DELETE FROM mfa_logins WHERE id IN (SELECT id FROM mfa_logins WHERE expires_at_ms <= ? LIMIT ?)",
  )
    .bind(nowMs, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
