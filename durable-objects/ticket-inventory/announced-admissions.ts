/** How many were let in, by the quarter of an hour in which they were, as the object tells it: one message a second for all gates. */
import type { MessageData } from "../../shared/contracts/messages";
import { announce } from "../../shared/durable/outbox";
import { envelope } from "../../shared/queue/envelope";
import { type Announced, SOURCE, turnOf } from "./announcements";
import type { Terms } from "./event";

const TYPE = "admissions.counted";

const QUARTER_MS = 900_000;
/** Told again with those that changed: about a day of open doors, so that what a queue forgot is told by the next scan. */
const RETOLD_QUARTERS = 96;
/** Counted by one look; a queue's message has room for twice as many. */
const MAX_COUNTED_QUARTERS = 1_000;

type Quarters = MessageData<typeof TYPE>["quarters"];

const readAnnounced = (sql: SqlStorage): Announced =>
  sql.exec<Announced>("SELECT version, quarters AS told, announced_at_ms FROM announced_admissions WHERE id = 1").one();

/**
 * Nobody is let out again, and time goes on: only the quarter that was told last can have grown, or where the clock was set back those
 * since the present one, and the one before it. Everything else is as it was told.
 */
function countQuarters(sql: SqlStorage, told: Quarters, nowMs: number): Quarters {
  const last = told.at(-1);
  const present = nowMs - (nowMs % QUARTER_MS);
  const fromMs = last === undefined ? 0 : Math.min(last.startsAtMs, present) - QUARTER_MS;
  const counted = sql
    .exec<Quarters[number]>(
      // A bound number would divide as a fraction.
      `SELECT admitted_at_ms / ${QUARTER_MS} * ${QUARTER_MS} AS startsAtMs, count(*) AS admitted FROM admissions
       WHERE admitted_at_ms >= ? GROUP BY 1 ORDER BY 1 LIMIT ?`,
      fromMs,
      MAX_COUNTED_QUARTERS,
    )
    .toArray();
  return [...told.filter(({ startsAtMs }) => startsAtMs < fromMs).slice(-RETOLD_QUARTERS), ...counted];
}

export function areAdmissionsUntold(sql: SqlStorage, nowMs: number): boolean {
  const { told } = readAnnounced(sql);
  return JSON.stringify(countQuarters(sql, JSON.parse(told), nowMs)) !== told;
}

/** Writes the news, and with it what was told, when it is its turn; answers when that will be, null with nothing to tell. */
export function announceAdmissions(sql: SqlStorage, { eventId, organizerId }: Terms, nowMs: number): number | null {
  const before = readAnnounced(sql);
  const quarters = countQuarters(sql, JSON.parse(before.told), nowMs);
  const told = JSON.stringify(quarters);
  const turn = turnOf(sql, TYPE, before, told, nowMs);
  if (turn !== "now") return turn;

  const version = before.version + 1;
  sql.exec("UPDATE announced_admissions SET version = ?, quarters = ?, announced_at_ms = ? WHERE id = 1", version, told, nowMs);
  const subject = `${eventId}/admissions`;
  announce(
    sql,
    envelope(SOURCE, { type: TYPE, subject, version, data: { eventId, organizerId, quarters, asOfMs: nowMs }, nowMs }),
  );
  return null;
}
