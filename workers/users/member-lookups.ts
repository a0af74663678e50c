/**
 * Naming a new member by address tells the caller whether the address has an account, where an invitation tells nothing: a person may
 * miss, and hit, only so often a day, in all organizers together, because anybody can make organizers.
 */
import type { Account } from "../../shared/contracts/accounts";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";

export const MISSES_A_DAY = 20;
/** People taken in by one person; each of them is mailed. */
export const ADDITIONS_A_DAY = 100;
const DAY_MS = 86_400_000;

const untilTomorrow = (nowMs: number): Refusal<"rate_limited"> => ({
  code: "rate_limited",
  retryAfterSeconds: Math.ceil((DAY_MS - (nowMs % DAY_MS)) / 1000),
});

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
     ON CONFLICT (user_id, day) DO UPDATE SET lookups = lookups + 1 WHERE lookups < ?3 AND additions < ?4`,
  )
    .bind(callerId, day, MISSES_A_DAY, ADDITIONS_A_DAY)
    .run();
  if (taken.meta.changes !== 1) return refuse(untilTomorrow(nowMs));
  const account = await env.AUTH.accountOfEmail(email);
  if (isHit(account))
    await env.DB.prepare("UPDATE member_lookups SET lookups = lookups - 1 WHERE user_id = ? AND day = ?")
      .bind(callerId, day)
      .run();
  return ok(account);
}

/** Somebody is about to be taken in, however he was named. */
export async function countAddition(
  db: D1Database,
  callerId: string,
  nowMs: number,
): Promise<Result<null, Refusal<"rate_limited">>> {
  const { meta } = await db
    .prepare(
      `INSERT INTO member_lookups (user_id, day, lookups, additions) VALUES (?1, ?2, 0, 1)
       ON CONFLICT (user_id, day) DO UPDATE SET additions = additions + 1 WHERE additions < ?3`,
    )
    .bind(callerId, Math.floor(nowMs / DAY_MS), ADDITIONS_A_DAY)
    .run();
  return meta.changes === 1 ? ok(null) : refuse(untilTomorrow(nowMs));
}

const SWEEP_LIMIT = 500;
export async function sweepLookups(db: D1Database, nowMs: number): Promise<number> {
  const { meta } = await db
    .prepare("DELETE FROM member_lookups WHERE rowid IN (SELECT rowid FROM member_lookups WHERE day < ? LIMIT ?)")
    .bind(Math.floor(nowMs / DAY_MS), SWEEP_LIMIT)
    .run();
  return meta.changes;
}
