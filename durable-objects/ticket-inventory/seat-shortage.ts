/** Why a party finds no seats where that is not their number alone. Looked at once it is refused, and by nobody who is served. */
import type { Line } from "../../shared/contracts/inventory";
import type { Refusal, RefusalMembers } from "../../shared/contracts/problems";
import { soldOut } from "./available";
import type { SeatLane } from "./seat-index";
import { readSegments } from "./seat-rows";
import { freeAmong } from "./seats";
import { freeAccessible } from "./seats-accessible";

/** Tables whose seats are told, smallest first. */
const TABLES_TOLD = 5;

export interface Wanting {
  lanes: readonly SeatLane[];
  count: number;
  accessible: number;
  /** Whether the party would find its seats in other sections than those that it asks for. */
  isThereElsewhere: () => boolean;
}

/** `sold_out` of lines that found no seats, with the reason where there is one to tell and the seats that it is about. */
export function seatsSoldOut(sql: SqlStorage, lines: readonly Line[], wanting: Wanting): Refusal<"sold_out"> {
  return withReason(soldOut(lines), reasonOf(sql, wanting));
}

/** The same of seats that were asked for by their names: those of them that somebody else has. */
export function seatsGone(
  sql: SqlStorage,
  lines: Parameters<typeof soldOut>[0],
  seatIds: readonly string[],
): Refusal<"sold_out"> {
  const free = new Set(freeAmong(sql, seatIds));
  const taken = seatIds.filter((id) => !free.has(id));
  return withReason(soldOut(lines), taken.length === 0 ? {} : { reason: "seats_taken", seatIds: taken });
}

const withReason = (refusal: Refusal<"sold_out">, reason: Pick<RefusalMembers, "reason" | "seatIds">): Refusal<"sold_out"> => ({
  ...refusal,
  members: { ...refusal.members, ...reason },
});

function reasonOf(sql: SqlStorage, wanting: Wanting): Pick<RefusalMembers, "reason" | "seatIds"> {
  const { lanes, count, accessible } = wanting;
  const places = accessible > 0 ? freeAccessible(sql, lanes) : [];
  if (places.length < accessible) return { reason: "accessible_seats", seatIds: places };
  const { loose, atTables } = countFree(sql, lanes);
  if (atTables > 0 && loose + atTables >= count) return { reason: "whole_tables", seatIds: freeTables(sql, lanes) };
  return wanting.isThereElsewhere() ? { reason: "sections" } : {};
}

/** Every run of free neighbours has one window of a single seat, and every free table one of its size. */
function countFree(sql: SqlStorage, lanes: readonly SeatLane[]): { loose: number; atTables: number } {
  const free = { loose: 0, atTables: 0 };
  for (const { category, section, whole } of lanes) {
    const { seats } = sql
      .exec<{ seats: number | null }>(
        `SELECT SUM(run_length) AS seats FROM seat_windows WHERE category = ?1 AND whole = ?2 AND ${whole ? "true" : "size = 1"}
           AND (?3 IS NULL OR section = ?3)`,
        category,
        whole ? 1 : 0,
        section,
      )
      .one();
    free[whole ? "atTables" : "loose"] += seats ?? 0;
  }
  return free;
}

function freeTables(sql: SqlStorage, lanes: readonly SeatLane[]): string[] {
  const numbers = lanes.flatMap(({ category, section, whole }) =>
    whole
      ? sql
          .exec<{ segment: number }>(
            "SELECT segment FROM seat_windows WHERE category = ?1 AND whole = 1 AND (?2 IS NULL OR section = ?2) ORDER BY size, distance LIMIT ?3",
            category,
            section,
            TABLES_TOLD,
          )
          .toArray()
          .map(({ segment }) => segment)
      : [],
  );
  const tables = [...readSegments(sql, numbers.slice(0, TABLES_TOLD)).values()];
  return tables.flatMap(({ seats }) => seats.map(([id]) => id));
}
