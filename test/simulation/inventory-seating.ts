/** Where people can sit, found by trying every place of a small map. */
import type { Line } from "../../shared/contracts/inventory.ts";
import type { Letter, ModelSeat } from "./inventory-map.ts";
import { type Model, sumOf } from "./inventory-model.ts";

/** Seats of some categories, perhaps of some sections only, row by row. */
export interface Field {
  rows: ModelSeat[][];
  isFree(seat: ModelSeat | undefined): boolean;
}

export function fieldOf(
  model: Model,
  taken: ReadonlyMap<string, Letter>,
  categories: readonly string[],
  sections: readonly string[] | null,
): Field {
  const rows: ModelSeat[][] = [];
  for (const seat of model.seats.values()) {
    if (!categories.includes(seat.category) || (sections !== null && !sections.includes(seat.sectionId))) continue;
    const row = rows.find(([first]) => first?.segment === seat.segment);
    if (row === undefined) rows.push([seat]);
    else row.push(seat);
  }
  return { rows, isFree: (seat) => seat !== undefined && !taken.has(seat.id) };
}

/** Ordinary seats that would be free and alone, and were not before. */
export function orphansOf(row: readonly ModelSeat[], isFree: Field["isFree"], picked: ReadonlySet<string>): ModelSeat[] {
  const isLone = (place: number, free: Field["isFree"]) => free(row[place]) && !free(row[place - 1]) && !free(row[place + 1]);
  const after = (seat: ModelSeat | undefined) => isFree(seat) && seat !== undefined && !picked.has(seat.id);
  return row.filter(({ whole, kind }, place) => !whole && kind === "o" && isLone(place, after) && !isLone(place, isFree));
}

/** Whether the picked seats leave more of them alone than as many neighbours of the same free run would have to. */
export function leavesOrphans(row: readonly ModelSeat[], isFree: Field["isFree"], picked: ReadonlySet<string>): boolean {
  const lone = new Set(orphansOf(row, isFree, picked).map(({ id }) => id));
  const isOpen = (seat: ModelSeat | undefined) => seat !== undefined && isFree(seat) && isOrdinary(seat);
  const runs = row.flatMap((seat, place) => {
    if (!isOpen(seat) || isOpen(row[place - 1])) return [];
    const rest = row.slice(place);
    const end = rest.findIndex((other) => !isOpen(other));
    return [end === -1 ? rest : rest.slice(0, end)];
  });
  return runs.some((run) => {
    const size = run.filter(({ id }) => picked.has(id)).length;
    const places = run.slice(size === 0 ? run.length : size - 1).map((_, first) => run.slice(first, first + size));
    const fewest = places.map((place) => orphansOf(row, isFree, new Set(place.map(({ id }) => id))).length);
    return run.filter(({ id }) => lone.has(id)).length > (size === 0 ? 0 : Math.min(...fewest));
  });
}

const isOrdinary = ({ kind, whole }: ModelSeat): boolean => whole || kind === "o";

interface Place {
  orphans: number;
  distance: number;
}

/** Every place for so many neighbours. */
export function placesTogether({ rows, isFree }: Field, count: number): Place[] {
  return rows.flatMap((row) => {
    const places: Place[] = [];
    for (let first = 0; first + count <= row.length; first++) {
      const seats = row.slice(first, first + count);
      if (row[0]?.whole && count !== row.length) continue;
      if (!seats.every((seat) => isFree(seat) && isOrdinary(seat))) continue;
      const picked = new Set(seats.map(({ id }) => id));
      places.push({
        orphans: orphansOf(row, isFree, picked).length,
        distance: sumOf(seats.map(({ distance }) => distance)),
      });
    }
    return places;
  });
}

/** In how few parts so many can sit, null where they cannot: a table is taken whole, a run of free neighbours as far as needed. */
export function fewestParts({ rows, isFree }: Field, count: number): number | null {
  const runs: number[] = [];
  /** By seats: the fewest tables that have just so many. */
  let byTables = new Map([[0, 0]]);
  for (const row of rows) {
    if (row[0]?.whole) {
      if (!row.every(isFree)) continue;
      const more = new Map(byTables);
      for (const [seats, tables] of byTables) {
        const filled = seats + row.length;
        if (filled <= count) more.set(filled, Math.min(tables + 1, more.get(filled) ?? Number.POSITIVE_INFINITY));
      }
      byTables = more;
      continue;
    }
    let run = 0;
    for (const seat of [...row, undefined]) {
      if (seat !== undefined && isFree(seat) && isOrdinary(seat)) run += 1;
      else {
        if (run > 0) runs.push(run);
        run = 0;
      }
    }
  }
  runs.sort((a, b) => b - a);
  const ways = [...byTables].flatMap(([seats, tables]) => {
    let left = count - seats;
    let parts = tables;
    for (const run of runs) {
      if (left <= 0) break;
      left -= run;
      parts += 1;
    }
    return left <= 0 ? [parts] : [];
  });
  return ways.length === 0 ? null : Math.min(...ways);
}

/** Groups of neighbours among the seats. */
export function partsOf(seats: readonly ModelSeat[]): ModelSeat[][] {
  const parts: ModelSeat[][] = [];
  for (const seat of [...seats].sort((a, b) => a.segment - b.segment || a.place - b.place)) {
    const last = parts.at(-1);
    const before = last?.at(-1);
    if (last !== undefined && before?.segment === seat.segment && before.place === seat.place - 1) last.push(seat);
    else parts.push([seat]);
  }
  return parts;
}

/** Lines that want the best of the same seats sit together. */
export interface Party {
  categories: string[];
  sections: string[] | null;
  lines: { ticketTypeId: string; count: number }[];
  accessible: number;
}

const MAX_TOGETHER = 20;

export function partiesOf(model: Model, lines: readonly Line[]): Party[] {
  const parties: Party[] = [];
  for (const { ticketTypeId, quantity, seatIds = [], bestAvailable } of lines) {
    if (bestAvailable === undefined) continue;
    const categories = [...(model.type(ticketTypeId)?.seatCategories ?? [])].sort();
    const sections = bestAvailable === true || !bestAvailable.sectionIds ? null : [...new Set(bestAvailable.sectionIds)].sort();
    const count = quantity - seatIds.length;
    const accessible = bestAvailable === true ? 0 : (bestAvailable.accessible ?? 0);
    const name = JSON.stringify([categories, sections]);
    const same = parties.find((party) => JSON.stringify([party.categories, party.sections]) === name);
    if (same === undefined || sizeOf(same) + count > MAX_TOGETHER) {
      parties.push({ categories, sections, accessible, lines: [{ ticketTypeId, count }] });
      continue;
    }
    same.lines.push({ ticketTypeId, count });
    same.accessible += accessible;
  }
  // Who has the least choice comes first.
  const choiceOf = ({ categories: own, sections }: Party) => own.length + (sections === null ? 0.5 : 0);
  return parties.sort((one, other) => choiceOf(one) - choiceOf(other));
}

export const sizeOf = ({ lines }: Party): number => sumOf(lines.map(({ count }) => count));
