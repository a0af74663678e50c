/**
 * Naming a new member by address tells the caller whether the address has an account. Until there are invitations, which tell nothing,
 * a person may miss only so often a day, in all organizers together, because anybody can make organizers.
 */
import type { Account } from "../../shared/contracts/accounts";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";

export const MISSES_A_DAY = 20;
const DAY_MS = 86_400_000;

/** The account of an address, whatever its status. Taken before it is known to miss, so that many at once miss no more often. */
export async function lookUpMember(
  env: UsersEnv,
  callerId: string,
  email: string,
  isHit: (account: Account | null) => boolean,
  nowMs: number,
): Promise<Result<Account | null, Refusal<"rate_limited">>> {
  const day = Math.floor(nowMs / DAY_MS);
  const taken = await env.DB.prepare(
    `INSERT INTO member_lookups (user_id, day, lookups) VALUES (?1, ?2, 1)
     ON CONFLICT (user_id, day) DO UPDATE SET lookups = lookups + 1 WHERE lookups < ?3`,
  )
    .bind(callerId, day, MISSES_A_DAY)
    .run();
  if (taken.meta.changes !== 1)
    return refuse({ code: "rate_limited", retryAfterSeconds: Math.ceil(((day + 1) * DAY_MS - nowMs) / 1000) });
  const account = await env.AUTH.accountOfEmail(email);
  if (isHit(account))
    await env.DB.prepare("UPDATE member_lookups SET lookups = lookups - 1 WHERE user_id = ? AND day = ?")
      .bind(callerId, day)
      .run();
  return ok(account);
}

const SWEEP_LIMIT = 500;
export async function sweepLookups(db: D1Database, nowMs: number): Promise<number> {
  const { meta } = await db
    .prepare("DELETE FROM member_lookups WHERE rowid IN (SELECT rowid FROM member_lookups WHERE day < ? LIMIT ?)")
    .bind(Math.floor(nowMs / DAY_MS), SWEEP_LIMIT)
    .run();
  return meta.changes;
}
