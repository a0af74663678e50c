/**
 * What is free of a segment, as best available sees it: runs of free neighbours, and of each run the best place for 1 to 20 people
 * together. All of it follows from the segment's shape and the states of its seats alone, so that the index in SQL can be brought up
 * to date by comparing what followed before with what follows now.
 */
import { MAX_SEATS_TOGETHER } from "../../shared/contracts/seats";

/** One letter a seat: free, held, sold, blocked (`SEAT_STATE_LETTERS`). */
export type StateLetter = "f" | "h" | "s" | "b";

/** What never changes of a segment. Its number and those of its category and section are the object's own. */
export interface SegmentShape {
  segment: number;
  category: number;
  section: number;
  /** A table: sold whole or not at all. */
  whole: boolean;
  /** One letter a seat: `o` ordinary, `a` accessible, `c` beside an accessible one for somebody who comes along. */
  kinds: string;
  /** Of each seat to its section's focus, in thousandths of the map's unit. */
  distances: readonly number[];
}

/** Free ordinary neighbours. A free seat of another kind at an end keeps the last one there from being lonely. */
export interface SeatRun {
  first: number;
  length: number;
  softLeft: boolean;
  softRight: boolean;
}

/** Seats together within one run. */
export interface SeatWindow {
  category: number;
  section: number;
  segment: number;
  whole: boolean;
  size: number;
  /** The place of its first seat in the segment, from 0. */
  first: number;
  runFirst: number;
  runLength: number;
  /** Single free seats that taking it would leave between taken ones and ends. */
  orphans: number;
  /** The sum over its seats, in thousandths of the map's unit. */
  distance: number;
}

const isFreeAt = (states: string, place: number): boolean => states[place] === "f";

export function runsOf({ whole, kinds }: SegmentShape, states: string): SeatRun[] {
  if (whole) {
    const isFree = states === "f".repeat(kinds.length);
    return isFree ? [{ first: 0, length: kinds.length, softLeft: false, softRight: false }] : [];
  }
  const runs: SeatRun[] = [];
  for (let first = 0; first < kinds.length; first++) {
    let end = first;
    while (end < kinds.length && isFreeAt(states, end) && kinds[end] === "o") end += 1;
    if (end === first) continue;
    runs.push({ first, length: end - first, softLeft: isFreeAt(states, first - 1), softRight: isFreeAt(states, end) });
    first = end;
  }
  return runs;
}

/** The best place for `size` people in the run: first the fewest orphans, then the least distance, then the lowest place. */
export function bestWindow(shape: SegmentShape, run: SeatRun, size: number): SeatWindow {
  const { distances } = shape;
  let distance = 0;
  for (let place = run.first; place < run.first + size; place++) distance += distances[place] ?? 0;
  let best = { first: run.first, orphans: orphansBy(run, run.first, size), distance };
  for (let first = run.first + 1; first + size <= run.first + run.length; first++) {
    distance += (distances[first + size - 1] ?? 0) - (distances[first - 1] ?? 0);
    const orphans = orphansBy(run, first, size);
    if (orphans < best.orphans || (orphans === best.orphans && distance < best.distance)) best = { first, orphans, distance };
  }
  const { category, section, segment, whole } = shape;
  return { category, section, segment, whole, size, ...best, runFirst: run.first, runLength: run.length };
}

function orphansBy(run: SeatRun, first: number, size: number): number {
  const left = first - run.first;
  const right = run.first + run.length - (first + size);
  return (left === 1 && !run.softLeft ? 1 : 0) + (right === 1 && !run.softRight ? 1 : 0);
}

/** The best window of a run for every size that may be asked for; a table has its own size alone. */
export function windowsOf(shape: SegmentShape, run: SeatRun): SeatWindow[] {
  const longest = Math.min(run.length, MAX_SEATS_TOGETHER);
  if (shape.whole) return run.length === longest ? [bestWindow(shape, run, longest)] : [];
  return Array.from({ length: longest }, (_, index) => bestWindow(shape, run, index + 1));
}

/** What changes of the windows when the states do: a run that stands as it stood is not looked at. */
export function compareWindows(
  shape: SegmentShape,
  before: string,
  after: string,
): { removed: SeatWindow[]; added: SeatWindow[] } {
  const nameOf = (run: SeatRun) => `${run.first} ${run.length} ${run.softLeft} ${run.softRight}`;
  const [old, now] = [runsOf(shape, before), runsOf(shape, after)];
  const oldNames = new Set(old.map(nameOf));
  const nowNames = new Set(now.map(nameOf));
  return {
    removed: old.filter((run) => !nowNames.has(nameOf(run))).flatMap((run) => windowsOf(shape, run)),
    added: now.filter((run) => !oldNames.has(nameOf(run))).flatMap((run) => windowsOf(shape, run)),
  };
}

/**
 * Ordinary seats that were free beside a free one and are free and alone now: the places of the orphans that a change made. A table has
 * none, and a place for a wheelchair is meant to stand alone.
 */
export function orphansMade({ whole, kinds }: SegmentShape, before: string, after: string): number[] {
  if (whole) return [];
  const isAlone = (states: string, place: number) => !isFreeAt(states, place - 1) && !isFreeAt(states, place + 1);
  return [...kinds].flatMap((kind, place) =>
    kind === "o" && isFreeAt(after, place) && isAlone(after, place) && !(isFreeAt(before, place) && isAlone(before, place))
      ? [place]
      : [],
  );
}
