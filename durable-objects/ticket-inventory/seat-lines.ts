/** The seats that a hold's lines get. */
import type { HeldSeat, Holder, HoldRefusal, Line } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { MAX_SEATS_TOGETHER } from "../../shared/contracts/seats";
import { chooseBest } from "./best-available";
import type { Terms } from "./event";
import { typeOf } from "./sale";
import { checkCompanions } from "./seat-companions";
import { accessibleOf, seatRepeated, sectionsOf } from "./seat-form";
import { lanesOf, openSeatIndex, type SeatLane } from "./seat-index";
import { type FoundSeat, findSeats, readSegments, type SeatPlace, type SeatSegmentRow } from "./seat-rows";
import { bestWindow, orphansMade, runsOf } from "./seat-runs";
import { seatsSoldOut } from "./seat-shortage";
import { nameSeats, returnSeats, takeSeats } from "./seats";
import { chooseAccessible, placesOf } from "./seats-accessible";

/** Whether companions' seats among those that are named go with their accessible ones. */
type CompanionCheck = (
  seats: readonly FoundSeat[],
  segments: ReadonlyMap<number, SeatSegmentRow>,
) => Refusal<"seat_for_companion"> | null;

/** Where a party of so many may choose: what is set aside for others is not open to it. */
export type LanesFor = (quantity: number) => (lane: SeatLane) => boolean;
const everyLane: LanesFor = () => () => true;

/** The seats of each type, in the order of its tickets. */
export type SeatsByType = Map<string, HeldSeat[]>;

/**
 * Takes the seats of all lines for the hold, all or none: first those that are named, then the best of what is left. Expects lines whose
 * form was checked. When it refuses, some seats may be taken: the caller's savepoint gives them back.
 */
export function pickSeats(
  sql: SqlStorage,
  terms: Terms,
  hold: { id: string; holder: Holder },
  lines: readonly Line[],
  nowMs: number,
  lanesFor: LanesFor = everyLane,
): Result<SeatsByType, HoldRefusal> {
  const picked: SeatsByType = new Map();
  const companions: CompanionCheck = (seats, segments) => checkCompanions(sql, hold.holder, seats, segments, nowMs);
  const refusal = pickInto(sql, terms, hold.id, lines, picked, companions, lanesFor);
  return refusal === null ? ok(picked) : refuse(refusal);
}

/** Whether there are seats for the lines together, whoever asks for them; nothing stays taken. Null where there are. */
export function tryPicking(sql: SqlStorage, terms: Terms, lines: readonly Line[]): HoldRefusal | null {
  const picked: SeatsByType = new Map();
  const refusal = pickInto(sql, terms, "trial", lines, picked, () => null);
  const taken = [...picked.values()].flat();
  returnSeats(
    sql,
    "held",
    taken.map(({ id }) => id),
  );
  return refusal;
}

/** `picked` gets the seats as they are taken, also when the rest is refused. */
function pickInto(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  lines: readonly Line[],
  picked: SeatsByType,
  companions: CompanionCheck,
  lanesFor: LanesFor = everyLane,
): HoldRefusal | null {
  const seated = lines.filter(({ ticketTypeId }) => typeOf(terms, ticketTypeId).seatCategories.length > 0);
  if (seated.length === 0) return null;
  return takeNamed(sql, terms, holdId, seated, picked, companions) ?? takeBest(sql, terms, holdId, seated, picked, lanesFor);
}

function takeNamed(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  lines: readonly Line[],
  picked: SeatsByType,
  companions: CompanionCheck,
): HoldRefusal | null {
  const named = lines.flatMap(({ seatIds = [] }) => seatIds);
  if (named.length === 0) return null;
  const found = findSeats(sql, named);
  const unknown = lines.flatMap(({ ticketTypeId, seatIds = [] }) => {
    const { seatCategories } = typeOf(terms, ticketTypeId);
    return seatIds.filter((id) => !seatCategories.includes(found.get(id)?.categoryId ?? ""));
  });
  if (unknown.length > 0) return { code: "seat_unknown", members: { seatIds: unknown } };

  // Whatever asked for them: a seat is one ticket's.
  if (found.size !== named.length) return seatRepeated(named);

  const seats = [...found.values()];
  const segments = readSegments(
    sql,
    seats.map(({ segment }) => segment),
  );
  const taken = takeSeats(sql, holdId, "held", seats, segments);
  if (taken !== null) return taken;
  for (const { ticketTypeId, seatIds = [] } of lines) {
    const places = seatIds.flatMap((id) => found.get(id) ?? []);
    picked.set(ticketTypeId, nameSeats(segments, places));
  }
  const wrong = companions(seats, segments) ?? checkTables(segments, seats);
  return wrong ?? (terms.refuseOrphanSeats ? checkOrphans(segments, seats) : null);
}

/** A table whose seats are named in part. */
function checkTables(segments: Map<number, SeatSegmentRow>, seats: readonly SeatPlace[]): HoldRefusal | null {
  for (const [number, { whole, seats: all, label }] of segments) {
    const named = seats.filter(({ segment }) => segment === number).length;
    if (whole && named < all.length)
      return {
        code: "seat_count_mismatch",
        detail: `${label}: its ${all.length} seats are sold together.`,
        members: { seatIds: all.map(([id]) => id) },
      };
  }
  return null;
}

/**
 * Single seats that the choice leaves, where as many neighbours of the same free run could be had and leave fewer. Expects the segments
 * as they were before the seats were taken.
 */
function checkOrphans(segments: Map<number, SeatSegmentRow>, seats: readonly SeatPlace[]): HoldRefusal | null {
  const orphans = [...segments.values()].flatMap((row) => {
    const letters = [...row.states];
    for (const { segment, place } of seats) if (segment === row.segment) letters[place] = "h";
    const made = orphansMade(row, row.states, letters.join(""));
    if (made.length === 0) return [];
    const avoidable = runsOf(row, row.states).flatMap((run) => {
      const isInside = (place: number) => place >= run.first && place < run.first + run.length;
      const own = made.filter(isInside);
      const size = seats.filter(({ segment, place }) => segment === row.segment && isInside(place)).length;
      return own.length > (size === 0 ? 0 : bestWindow(row, run, size).orphans) ? own : [];
    });
    return avoidable.flatMap((place) => row.seats[place]?.[0] ?? []);
  });
  return orphans.length === 0 ? null : { code: "seat_orphaned", members: { seatIds: orphans } };
}

/**
 * Lines that want the same of the same categories are one party, as adults and children are. Who has the least choice comes first: what
 * others may have as well as he is left to him.
 */
interface Party {
  lines: { ticketTypeId: string; count: number }[];
  categories: string[];
  sections: string[] | null;
  accessible: number;
}

function partiesOf(terms: Terms, lines: readonly Line[]): Party[] {
  const parties = new Map<string, Party>();
  for (const { ticketTypeId, quantity, seatIds = [], bestAvailable } of lines) {
    const line = { ticketTypeId, count: quantity - seatIds.length };
    // A partial hold may have found the named seats alone.
    if (bestAvailable === undefined || line.count === 0) continue;
    const categories = [...typeOf(terms, ticketTypeId).seatCategories].sort();
    const sections = sectionsOf(bestAvailable);
    const accessible = Math.min(accessibleOf(bestAvailable), line.count);
    const name = JSON.stringify([categories, sections]);
    const standing = parties.get(name);
    if (standing !== undefined && sizeOf(standing) + line.count <= MAX_SEATS_TOGETHER) {
      standing.lines.push(line);
      standing.accessible += accessible;
    } else
      parties.set(standing === undefined ? name : `${name} ${ticketTypeId}`, { lines: [line], categories, sections, accessible });
  }
  const choiceOf = ({ categories, sections }: Party) => categories.length + (sections === null ? 0.5 : 0);
  return [...parties.values()].sort((one, other) => choiceOf(one) - choiceOf(other));
}

const sizeOf = (party: Party): number => party.lines.reduce((sum, { count }) => sum + count, 0);

function takeBest(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  lines: readonly Line[],
  picked: SeatsByType,
  lanesFor: LanesFor,
): HoldRefusal | null {
  for (const party of partiesOf(terms, lines)) {
    const found = lanesOf(sql, party.categories, party.sections);
    // Seats for wheelchairs are looked for among all: they are kept for nobody.
    const lanes = party.accessible > 0 ? found : found.filter(lanesFor(sizeOf(party)));
    const places = choosePlaces(sql, lanes, sizeOf(party), party.accessible);
    if (places === null)
      return seatsSoldOut(sql, lines, {
        lanes,
        count: sizeOf(party),
        accessible: party.accessible,
        isThereElsewhere: () => party.sections !== null && isThereAnywhere(sql, party, lanesFor),
      });
    const segments = readSegments(
      sql,
      places.map(({ segment }) => segment),
    );
    const named = nameSeats(segments, places);
    const seats = places.map((place, index) => ({ ...place, id: named[index]?.id ?? "" }));
    const taken = takeSeats(sql, holdId, "held", seats, segments);
    if (taken !== null) throw new Error(`seats that the index has as free are taken: ${taken.members?.seatIds?.join(", ")}`);
    let next = 0;
    for (const { ticketTypeId, count } of party.lines) {
      picked.set(ticketTypeId, [...(picked.get(ticketTypeId) ?? []), ...named.slice(next, next + count)]);
      next += count;
    }
  }
  return null;
}

/** In whatever section. */
const isThereAnywhere = (sql: SqlStorage, party: Party, lanesFor: LanesFor): boolean => {
  const lanes = lanesOf(sql, party.categories, null).filter(lanesFor(sizeOf(party)));
  return choosePlaces(sql, lanes, sizeOf(party), party.accessible) !== null;
};

/** Whether there are so many of the best seats as a line asks for, where nobody else chooses with it. */
export function hasBest(
  sql: SqlStorage,
  terms: Terms,
  { ticketTypeId, quantity, bestAvailable }: Line,
  lanesFor: LanesFor = everyLane,
): boolean {
  const { seatCategories } = typeOf(terms, ticketTypeId);
  const lanes = lanesOf(sql, seatCategories, sectionsOf(bestAvailable)).filter(lanesFor(quantity));
  return choosePlaces(sql, lanes, quantity, Math.min(accessibleOf(bestAvailable), quantity)) !== null;
}

function choosePlaces(
  sql: SqlStorage,
  lanes: Parameters<typeof openSeatIndex>[1],
  count: number,
  accessible: number,
): SeatPlace[] | null {
  if (accessible > 0) return chooseAccessible(sql, lanes, count, accessible);
  const windows = chooseBest(openSeatIndex(sql, lanes), count);
  return windows === null ? null : windows.flatMap(placesOf);
}
