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
  const atTables = countFree(sql, lanes, true, count);
  if (atTables > 0 && atTables + countFree(sql, lanes, false, count - atTables) >= count)
    return { reason: "whole_tables", seatIds: freeTables(sql, lanes) };
  return wanting.isThereElsewhere() ? { reason: "sections" } : {};
}

/**
 * Free seats at tables, or apart from them, counted until there are `enough`: every run of free neighbours has one window of a single
 * seat, and every free table one of its size, so that no more rows are read than seats are wanted.
 */
function countFree(sql: SqlStorage, lanes: readonly SeatLane[], whole: boolean, enough: number): number {
  let seats = 0;
  for (const lane of lanes) {
    if (lane.whole !== whole) continue;
    if (seats >= enough) return seats;
    const { source, where, values } = windowsOf(lane);
    const counted = sql.exec<{ seats: number | null }>(
      `SELECT SUM(run_length) AS seats FROM (SELECT run_length FROM ${source} WHERE ${where} ${whole ? "" : "AND size = 1"} LIMIT ?)`,
      ...values,
      enough - seats,
    );
    seats += counted.one().seats ?? 0;
  }
  return seats;
}

/** A shape for each of the two keys: a condition that may be of either is looked up in neither. */
function windowsOf({ category, section, whole }: SeatLane): { source: string; where: string; values: number[] } {
  const where = `category = ? AND whole = ${whole ? 1 : 0}`;
  return section === null
    ? { source: "seat_windows", where, values: [category] }
    : {
        source: "seat_windows INDEXED BY seat_windows_section",
        where: `section = ? AND ${where}`,
        values: [section, category],
      };
}

function freeTables(sql: SqlStorage, lanes: readonly SeatLane[]): string[] {
  const numbers: number[] = [];
  for (const lane of lanes) {
    if (!lane.whole || numbers.length === TABLES_TOLD) continue;
    const { source, where, values } = windowsOf(lane);
    const rows = sql.exec<{ segment: number }>(
      `SELECT segment FROM ${source} WHERE ${where} ORDER BY size, orphans, distance LIMIT ?`,
      ...values,
      TABLES_TOLD - numbers.length,
    );
    numbers.push(...rows.toArray().map(({ segment }) => segment));
  }
  const tables = [...readSegments(sql, numbers).values()];
  return tables.flatMap(({ seats }) => seats.map(([id]) => id));
}
