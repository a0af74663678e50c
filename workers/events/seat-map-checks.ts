/** What makes a drafted seat map contradict itself, each fault with the place where it is (JSON Pointers, RFC 6901). */
import {
  MAX_ROWS,
  MAX_SEAT_CATEGORIES,
  MAX_SEATS,
  MAX_SEATS_PER_ROW,
  MAX_SEATS_PER_TABLE,
  MAX_SECTIONS,
  MAX_TABLES,
  type SeatMapDraft,
} from "../../shared/contracts/seats";
import { crossingTables, type Place } from "./seat-map-places";
import { seatsOfRow } from "./seat-runs";

export interface Fault {
  pointer: string;
  message: string;
}

/** Told at once; whoever mends them hears of the next ones. */
const MAX_FAULTS = 50;

class Faults {
  readonly list: Fault[] = [];

  add(pointer: string, message: string): void {
    if (this.list.length < MAX_FAULTS) this.list.push({ pointer, message });
  }

  get isFull(): boolean {
    return this.list.length >= MAX_FAULTS;
  }
}

/** Reads lengths and counts alone: ten million seats by `run` cost nothing here. */
export function checkCounts({ sections, categories }: SeatMapDraft): Fault[] {
  const faults = new Faults();
  const within = (count: number, most: number, pointer: string, what: string) => {
    if (count > most) faults.add(pointer, `has more than ${most.toLocaleString("en")} ${what}`);
  };
  within(categories.length, MAX_SEAT_CATEGORIES, "/categories", "categories");
  within(sections.length, MAX_SECTIONS, "/sections", "sections");
  let [seats, rows, tables] = [0, 0, 0];
  for (const [at, section] of sections.entries()) {
    rows += section.rows.length;
    tables += section.tables?.length ?? 0;
    if (section.rows.length === 0 && !section.tables?.length) faults.add(`/sections/${at}`, "has no seats");
    for (const [rowAt, { run, seats: named }] of section.rows.entries()) {
      const count = run?.count ?? named?.length ?? 0;
      seats += count;
      within(count, MAX_SEATS_PER_ROW, `/sections/${at}/rows/${rowAt}/${run ? "run/count" : "seats"}`, "seats");
    }
    for (const [tableAt, table] of (section.tables ?? []).entries()) {
      seats += table.seats.length;
      within(table.seats.length, MAX_SEATS_PER_TABLE, `/sections/${at}/tables/${tableAt}/seats`, "seats");
    }
  }
  within(seats, MAX_SEATS, "/sections", "seats in all");
  within(rows, MAX_ROWS, "/sections", "rows in all");
  within(tables, MAX_TABLES, "/sections", "tables in all");
  return faults.list;
}

interface DraftedSeat {
  id: string;
  accessible?: boolean | undefined;
  companionOf?: string | undefined;
}

/** Every id once, every category and companion there. Expects the counts to be checked. */
export function checkNames({ sections, categories }: SeatMapDraft): Fault[] {
  const faults = new Faults();
  const unique = (seen: Set<string>, id: string, pointer: string, message: string) => {
    if (seen.has(id)) faults.add(pointer, message);
    seen.add(id);
  };
  const categoryIds = new Set<string>();
  for (const [at, { id }] of categories.entries()) unique(categoryIds, id, `/categories/${at}/id`, "is another category's too");
  const hasCategory = (id: string, pointer: string) => {
    if (!categoryIds.has(id)) faults.add(pointer, "is no category of the map");
  };

  const sectionIds = new Set<string>();
  const seats = new Map<string, { seat: DraftedSeat; pointer: string }>();
  const addSeat = (seat: DraftedSeat, pointer: string) => {
    const first = seats.get(seat.id);
    if (first) faults.add(pointer, `is the seat at ${first.pointer} too`);
    else seats.set(seat.id, { seat, pointer });
  };
  for (const [at, section] of sections.entries()) {
    unique(sectionIds, section.id, `/sections/${at}/id`, "is another section's too");
    const rowIds = new Set<string>();
    for (const [rowAt, row] of section.rows.entries()) {
      const pointer = `/sections/${at}/rows/${rowAt}`;
      unique(rowIds, row.id, `${pointer}/id`, "is another row's or table's of the section too");
      if (row.run) hasCategory(row.run.category, `${pointer}/run/category`);
      for (const [seatAt, seat] of seatsOfRow(section, row).entries()) {
        const seatPointer = row.run ? `${pointer}/run` : `${pointer}/seats/${seatAt}`;
        if (!row.run) hasCategory(seat.category, `${seatPointer}/category`);
        addSeat(seat, row.run ? seatPointer : `${seatPointer}/id`);
      }
    }
    for (const [tableAt, table] of (section.tables ?? []).entries()) {
      const pointer = `/sections/${at}/tables/${tableAt}`;
      unique(rowIds, table.id, `${pointer}/id`, "is another row's or table's of the section too");
      hasCategory(table.category, `${pointer}/category`);
      for (const [seatAt, seat] of table.seats.entries()) addSeat(seat, `${pointer}/seats/${seatAt}/id`);
    }
    if (faults.isFull) return faults.list;
  }
  for (const { seat, pointer } of seats.values()) {
    if (seat.companionOf === undefined) continue;
    const place = pointer.replace(/\/id$/, "/companionOf");
    const beside = seats.get(seat.companionOf)?.seat;
    if (!beside) faults.add(place, "is no seat of the map");
    else if (!beside.accessible) faults.add(place, "is no accessible seat");
    else if (seat.accessible) faults.add(place, "stands at a seat that is accessible itself");
  }
  return faults.list;
}

/** No seat upon another of its section, no table across a row or another table. Sections may lie above each other, as balconies do. */
export function checkPlaces({ sections }: SeatMapDraft): Fault[] {
  const faults = new Faults();
  for (const [at, section] of sections.entries()) {
    const taken = new Map<string, string>();
    const ofRows: Place[] = [];
    const put = (pointer: string, { x, y }: Place) => {
      const before = taken.get(`${x} ${y}`);
      if (before !== undefined) faults.add(pointer, `stands where ${before} stands`);
      taken.set(`${x} ${y}`, pointer);
    };
    for (const [rowAt, row] of section.rows.entries()) {
      for (const [seatAt, seat] of seatsOfRow(section, row).entries()) {
        put(`/sections/${at}/rows/${rowAt}/${row.run ? "run" : `seats/${seatAt}`}`, seat);
        ofRows.push(seat);
      }
    }
    const tables = section.tables ?? [];
    for (const [tableAt, table] of tables.entries())
      for (const [seatAt, seat] of table.seats.entries()) put(`/sections/${at}/tables/${tableAt}/seats/${seatAt}`, seat);
    for (const { table, with: other } of crossingTables(tables, ofRows, MAX_FAULTS))
      faults.add(
        `/sections/${at}/tables/${table}`,
        other === null ? "crosses a row's seats" : `crosses the table at /sections/${at}/tables/${other}`,
      );
    if (faults.isFull) break;
  }
  return faults.list;
}
