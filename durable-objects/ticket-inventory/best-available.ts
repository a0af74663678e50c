/**
 * Which seats are the best for so many people: together in one segment where that is possible, leaving no single seat between taken ones
 * where the row can avoid it, as near the section's focus as can be; else in as few parts as there can be, near each other.
 */
import { inOrder, type PlacedSegment, type PlacedWindow, type SeatIndex, windowsAmong } from "./seat-index";
import type { SeatWindow } from "./seat-runs";

/** First parts that are tried out of each size, and in all: each costs a look at the rows around it. */
const FIRST_PARTS_PER_SIZE = 3;
const FIRST_PARTS = 6;

/** The windows to take, null when there are not so many free seats that may be sold. `count` from 1 to `MAX_SEATS_TOGETHER`. */
export function chooseBest(index: SeatIndex, count: number): SeatWindow[] | null {
  const [together] = index.best(count, 1);
  if (together !== undefined) return [together];
  const sizes = fewestParts(index, count);
  if (sizes === null) return null;
  const split = splits(index, count, sizes.length);
  return split ?? takeParts(index, sizes);
}

export interface Part {
  size: number;
  /** A table. */
  whole: boolean;
}

/**
 * The sizes of the fewest parts that `count` people can be seated in, largest first; null when there are not enough free seats. A run
 * serves any part up to its length, a table only one of its own size.
 */
export function fewestParts(index: SeatIndex, count: number): Part[] | null {
  const { runs, tables } = longest(index, count);
  /** By seats: the fewest tables that have exactly so many, largest first. */
  const byTables: (number[] | undefined)[] = [[]];
  for (const table of tables) {
    for (let seats = count; seats >= table; seats--) {
      const others = byTables[seats - table];
      if (others === undefined) continue;
      const standing = byTables[seats];
      if (standing === undefined || others.length + 1 < standing.length) byTables[seats] = [...others, table];
    }
  }
  let fewest: Part[] | null = null;
  for (const [seats, some] of byTables.entries()) {
    if (some === undefined) continue;
    const rest = partsOfRuns(runs, count - seats);
    if (rest === null || (fewest !== null && fewest.length <= some.length + rest.length)) continue;
    fewest = [...some.map((size) => ({ size, whole: true })), ...rest.map((size) => ({ size, whole: false }))];
  }
  return fewest;
}

function partsOfRuns(runs: readonly number[], count: number): number[] | null {
  const parts: number[] = [];
  let left = count;
  for (const run of runs) {
    if (left === 0) break;
    parts.push(Math.min(run, left));
    left -= Math.min(run, left);
  }
  return left === 0 ? parts : null;
}

/** The lengths of the longest runs, as many as `count` people can need, and the sizes of tables that they can fill. */
function longest(index: SeatIndex, count: number): { runs: number[]; tables: number[] } {
  const runs = new Map<string, number>();
  const tables = new Map<string, number>();
  let seats = 0;
  for (let size = index.greatest(count); size > 0 && seats < count; size = index.greatest(size - 1)) {
    // Those that are known stand among the best of a lesser size too.
    for (const { segment, runFirst, runLength } of index.best(size, runs.size + Math.ceil(count / size), false)) {
      const name = `${segment} ${runFirst}`;
      if (!runs.has(name)) seats += runLength;
      runs.set(name, runLength);
    }
    for (const { segment } of index.best(size, Math.floor(count / size), true)) tables.set(`${segment}`, size);
  }
  const descending = (lengths: Iterable<number>) => [...lengths].sort((a, b) => b - a);
  return { runs: descending(runs.values()), tables: descending(tables.values()) };
}

/** The best of some ways to sit in so many parts, begun at the best places; null when none of them comes out. */
function splits(index: SeatIndex, count: number, parts: number): SeatWindow[] | null {
  const firsts: PlacedWindow[] = [];
  const most = index.greatest(count - 1);
  for (let size = most; size * parts >= count; size = index.greatest(size - 1)) {
    firsts.push(...index.best(size, FIRST_PARTS_PER_SIZE));
    if (firsts.length >= FIRST_PARTS) break;
  }
  const anywhere = new Map<number, PlacedWindow[]>();
  /** No plan has more parts, so that among so many there is one that it has not. */
  const bestOf = (size: number) => {
    const known = anywhere.get(size) ?? index.best(size, parts);
    anywhere.set(size, known);
    return known;
  };
  const plans = firsts.slice(0, FIRST_PARTS).flatMap((first) => {
    const plan = fillBeside({ near: index.around(first.segment), bestOf, most }, first, count, parts);
    return plan === null ? [] : [plan];
  });
  return (
    plans.sort(
      (a, b) => sum(a, "orphans") - sum(b, "orphans") || spread(a) - spread(b) || sum(a, "distance") - sum(b, "distance"),
    )[0] ?? null
  );
}

const sum = (plan: readonly SeatWindow[], what: "orphans" | "distance"): number =>
  plan.reduce((all, part) => all + part[what], 0);
const spread = ([first, ...others]: readonly PlacedWindow[]): number =>
  first === undefined ? 0 : Math.max(0, ...others.map((other) => between(first, other)));
const between = (a: PlacedWindow, b: PlacedWindow): number => Math.hypot(a.x - b.x, a.y - b.y);

/** Where the other parts are looked for: first around, then anywhere. No free run or table serves more than `most`. */
interface Surroundings {
  near: readonly PlacedSegment[];
  bestOf(size: number): readonly PlacedWindow[];
  most: number;
}

/** The other parts as near the first as there are any; every one large enough that the last ones can do it. */
function fillBeside(where: Surroundings, first: PlacedWindow, count: number, parts: number): PlacedWindow[] | null {
  const plan = [first];
  for (let left = count - first.size; left > 0; ) {
    if (plan.length === parts) return null;
    const least = Math.ceil(left / (parts - plan.length));
    const greatest = Math.min(left, where.most);
    const sizes = Array.from({ length: Math.max(0, greatest - least + 1) }, (_, less) => greatest - less);
    const next =
      nearest(
        plan,
        first,
        sizes.flatMap((size) => windowsAmong(where.near, size)),
      ) ??
      nearest(
        plan,
        first,
        sizes.flatMap((size) => where.bestOf(size)),
      );
    if (next === null) return null;
    plan.push(next);
    left -= next.size;
  }
  return plan;
}

function nearest(plan: readonly PlacedWindow[], first: PlacedWindow, candidates: readonly PlacedWindow[]): PlacedWindow | null {
  const unused = candidates.filter((candidate) => !plan.some((part) => isSameRun(part, candidate)));
  return unused.sort((a, b) => a.orphans - b.orphans || between(first, a) - between(first, b) || inOrder(a, b))[0] ?? null;
}

const isSameRun = (a: SeatWindow, b: SeatWindow): boolean => a.segment === b.segment && a.runFirst === b.runFirst;

/** The parts that are known to be there, each where it is best. A part of a run's whole length must find such a run: largest first. */
function takeParts(index: SeatIndex, parts: readonly Part[]): SeatWindow[] {
  const plan: SeatWindow[] = [];
  for (const { size, whole } of [...parts].sort((a, b) => b.size - a.size)) {
    const next = index.best(size, plan.length + 1, whole).find((window) => !plan.some((part) => isSameRun(part, window)));
    if (next === undefined) throw new Error(`a part of ${size} seats that is there was not found`);
    plan.push(next);
  }
  return plan;
}
