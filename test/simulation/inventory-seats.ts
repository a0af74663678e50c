/** Seats in a hold's lines: what may be refused, and what the object may give where the choice is its own. */
import type { HeldLine, Holder, Line } from "../../shared/contracts/inventory.ts";
import { agree, Difference } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import type { Letter, ModelSeat } from "./inventory-map.ts";
import type { Model, ModelHold } from "./inventory-model.ts";
import { without } from "./inventory-rules.ts";
import {
  fewestParts,
  fieldOf,
  leavesOrphans,
  orphansOf,
  type Party,
  partiesOf,
  partsOf,
  placesTogether,
  sizeOf,
} from "./inventory-seating.ts";

/** The seats as they were when the command came. */
export interface Sight {
  taken: Map<string, Letter>;
  /** What the object answered, for what the rules leave open. */
  heard: string;
}

export const seeSeats = (model: Model, heard: string): Sight => ({
  taken: model.seats.size === 0 ? new Map() : model.takenSeats(),
  heard,
});

/** A line for its type: seated ones name seats or ask for the best, a few of them wrongly. */
export function askForSeats(dice: Dice, model: Model, line: Line): Line {
  const { seatCategories = [] } = model.type(line.ticketTypeId) ?? {};
  const all = [...model.seats.values()];
  if (seatCategories.length === 0 || all.length === 0) return dice.chance(0.01) ? { ...line, bestAvailable: true } : line;
  if (dice.chance(0.02)) return line;
  const sections = [...new Set(all.map(({ sectionId }) => sectionId))];
  if (dice.chance(0.5)) {
    if (dice.chance(0.8)) return { ...line, bestAvailable: true };
    const sectionIds = dice.chance(0.5) ? { sectionIds: [dice.pick(sections)] } : {};
    const accessible = dice.chance(0.5) ? { accessible: dice.between(0, 2) } : {};
    return { ...line, bestAvailable: { ...sectionIds, ...accessible } };
  }
  const special = all.filter(({ kind, whole, category }) => !whole && kind !== "o" && seatCategories.includes(category));
  if (special.length > 0 && dice.chance(0.15)) return { ...line, quantity: 1, seatIds: [dice.pick(special).id] };
  const from = all.findIndex(
    ({ id }) => id === dice.pick(all.filter(({ category }) => seatCategories.includes(category) || dice.chance(0.02))).id,
  );
  const whole = all[from]?.whole && dice.chance(0.8) ? all.filter(({ segment }) => segment === all[from]?.segment) : null;
  const seats = whole ?? all.slice(from, from + Math.max(1, line.quantity));
  const seatIds = seats.map(({ id }) => id);
  if (dice.chance(0.03)) seatIds.push(dice.pick([seatIds[0] ?? "", "no seat"]));
  return { ...line, quantity: dice.chance(0.02) ? line.quantity + 1 : seatIds.length, seatIds };
}

/** Why these lines cannot have their seats: first those that are named, then the best of the rest. */
export function seatRefusal(model: Model, holder: Holder, lines: readonly Line[], { taken, heard }: Sight): string | null {
  const named: ModelSeat[] = [];
  for (const { ticketTypeId, seatIds = [] } of lines) {
    for (const id of seatIds) {
      const seat = model.seats.get(id);
      if (seat === undefined || !model.type(ticketTypeId)?.seatCategories.includes(seat.category)) return "seat_unknown";
      named.push(seat);
    }
  }
  if (named.some(({ id }) => taken.has(id))) return "seat_taken";
  const rows = rowsOf(model, named);
  const ids = new Set(named.map(({ id }) => id));
  if (named.some((seat) => isTied(seat) && !ids.has(seat.companionOf ?? "") && !hasSeat(model, holder, seat.companionOf)))
    return "seat_for_companion";
  if (rows.some((row) => row[0]?.whole && !row.every(({ id }) => ids.has(id)))) return "seat_count_mismatch";
  if (model.config.refuseOrphanSeats) {
    const isFree = (seat: ModelSeat | undefined) => seat !== undefined && !taken.has(seat.id);
    if (model.isLagging && (heard === "seat_orphaned" || heard === "ok")) return heard === "ok" ? null : heard;
    if (rows.some((row) => leavesOrphans(row, isFree, ids))) return "seat_orphaned";
  }
  const now = new Map(taken);
  for (const id of ids) now.set(id, "h");
  const parties = partiesOf(model, lines);
  for (const [index, party] of parties.entries()) {
    // What an earlier party takes of shared categories is its own choice.
    const isOpen =
      index > 0 && parties.slice(0, index).some((other) => other.categories.some((id) => party.categories.includes(id)));
    const can = isOpen ? null : canSit(model, now, party);
    if (can === null) return heard === "sold_out" ? heard : null;
    if (!can) return "sold_out";
  }
  return null;
}

/** Kept for who comes along with the accessible seat that it belongs to. */
const isTied = ({ kind, whole }: ModelSeat): boolean => kind === "c" && !whole;

/** Of these seats of one holder, those of somebody who would come along with nobody. */
export const lonelyAmong = (model: Model, holder: Holder, ids: readonly string[]): string[] =>
  ids.filter((id) => {
    const seat = model.seats.get(id);
    return (
      seat !== undefined && isTied(seat) && !ids.includes(seat.companionOf ?? "") && !hasSeat(model, holder, seat.companionOf)
    );
  });

/** The holder may have let go of the accessible seat since. */
export const sitsAlone = (model: Model, { holder, lines }: Pick<ModelHold, "holder" | "lines">): boolean =>
  lonelyAmong(
    model,
    holder,
    lines.flatMap(({ seatIds }) => seatIds),
  ).length > 0;

/** In a hold that lives, or by a ticket. */
function hasSeat(model: Model, { kind, key }: Holder, seatId: string | null): boolean {
  const isOwn = (hold: ModelHold | undefined) => hold?.holder.kind === kind && hold.holder.key === key;
  const isHeld = model.holds.some(
    (hold) => isOwn(hold) && model.isLive(hold) && hold.lines.some(({ seatIds }) => seatIds.includes(seatId ?? "")),
  );
  return (
    isHeld ||
    model.tickets.some(
      (ticket) =>
        ticket.seatId === seatId && (ticket.status !== "void" || ticket.keepsPlace) && isOwn(model.holdOfOrder(ticket.orderId)),
    )
  );
}

/** Null where it depends on which of the accessible seats are taken. */
function canSit(model: Model, taken: ReadonlyMap<string, Letter>, party: Party): boolean | null {
  const field = fieldOf(model, taken, party.categories, party.sections);
  const accessible = Math.min(party.accessible, sizeOf(party));
  if (accessible === 0) return fewestParts(field, sizeOf(party)) !== null;
  const places = field.rows.flat().filter((seat) => seat.kind === "a" && !seat.whole && field.isFree(seat));
  if (places.length < accessible || field.rows.flat().filter(field.isFree).length < sizeOf(party)) return false;
  return fewestParts(field, sizeOf(party) - accessible) === null ? null : true;
}

const rowsOf = (model: Model, seats: readonly ModelSeat[]): ModelSeat[][] =>
  [...new Set(seats.map(({ segment }) => segment))].map((segment) =>
    [...model.seats.values()].filter((seat) => seat.segment === segment),
  );

/** As many of a line's seats as there are, no more than there is room for, in the pools and in the type's part of the hall. */
export function fitLine(
  model: Model,
  line: Line,
  poolRoom: number,
  planned: readonly Line[],
  { taken }: Sight,
  lonely: ReadonlySet<string>,
): Line {
  const { seatIds: asked = [], bestAvailable, ...rest } = line;
  if ((model.type(line.ticketTypeId)?.seatCategories.length ?? 0) === 0) return { ...line, quantity: poolRoom };
  const room = Math.min(poolRoom, placesFor(model, line, planned, taken));
  const now = new Map(taken);
  for (const { seatIds = [] } of planned) for (const id of seatIds) now.set(id, "h");
  let seatIds = namedThere(
    model,
    now,
    asked.filter((id) => !lonely.has(id)),
    room,
  );
  let best = bestAvailable === undefined ? 0 : Math.min(line.quantity - asked.length, room - seatIds.length);
  const { minPerOrder = 1 } = model.type(line.ticketTypeId) ?? {};
  while (seatIds.length + best >= minPerOrder) {
    const fit: Line = { ...rest, quantity: seatIds.length + best };
    if (seatIds.length > 0) fit.seatIds = seatIds;
    if (best > 0 && bestAvailable !== undefined) fit.bestAvailable = bestAvailable;
    const others = new Map(now);
    for (const id of seatIds) others.set(id, "h");
    if (partiesOf(model, [...planned, fit]).every((party) => canSit(model, others, party) !== false)) return fit;
    if (best > 0) best -= 1;
    else seatIds = namedThere(model, now, seatIds, seatIds.length - 1);
  }
  return { ...rest, quantity: 0 };
}

/** Where nothing is left, a seat that is not the type's is not even looked at. */
function placesFor(model: Model, line: Line, planned: readonly Line[], taken: ReadonlyMap<string, Letter>): number {
  const categoriesOf = ({ ticketTypeId }: Line) => model.type(ticketTypeId)?.seatCategories ?? [];
  const own = categoriesOf(line);
  const free = [...model.seats.values()].filter(({ id, category }) => own.includes(category) && !taken.has(id)).length;
  const before = planned.filter((other) => categoriesOf(other).every((category) => own.includes(category)));
  return free - before.filter((other) => categoriesOf(other).length > 0).reduce((sum, { quantity }) => sum + quantity, 0);
}

/** Those that nobody has, at most so many; of a table that is named whole all or none. */
function namedThere(model: Model, taken: ReadonlyMap<string, Letter>, ids: readonly string[], most: number): string[] {
  const kept: string[] = [];
  const tiedTo = (id: string): string | null => {
    const seat = model.seats.get(id);
    return seat !== undefined && isTied(seat) ? seat.companionOf : null;
  };
  // Who comes along comes after those beside whom he sits.
  for (const id of [...ids].sort((one, other) => Number(tiedTo(one) !== null) - Number(tiedTo(other) !== null))) {
    const seat = model.seats.get(id);
    const beside = tiedTo(id);
    if (beside !== null && ids.includes(beside) && !kept.includes(beside)) continue;
    const table = seat?.whole ? rowsOf(model, [seat]).flat() : [];
    const isWhole = table.length > 0 && table.every((one) => ids.includes(one.id));
    const together = isWhole ? table.map((one) => one.id) : [id];
    if (!kept.includes(id) && kept.length + together.length <= most && !together.some((one) => taken.has(one)))
      kept.push(...together);
  }
  return ids.filter((id) => kept.includes(id));
}

/**
 * Who asks for as many of the best seats as he has keeps those that he has, but for one that another of his lines names, or where somebody
 * who comes along would be left alone.
 */
export function keepsOwnSeats(model: Model, hold: ModelHold, lines: readonly Line[]): Line[] {
  const kept = lines.map((line) => {
    const same = hold.lines.find(
      ({ ticketTypeId, seatIds }) => ticketTypeId === line.ticketTypeId && seatIds.length === line.quantity && seatIds.length > 0,
    );
    if (line.bestAvailable !== true || line.seatIds !== undefined || same === undefined) return line;
    if (lines.some(({ seatIds = [] }) => seatIds.some((id) => same.seatIds.includes(id)))) return line;
    return { ticketTypeId: line.ticketTypeId, quantity: line.quantity, seatIds: same.seatIds };
  });
  const ids = kept.flatMap(({ seatIds = [] }) => seatIds);
  const isAlone = (id: string) => {
    const seat = model.seats.get(id);
    if (seat === undefined || !isTied(seat) || ids.includes(seat.companionOf ?? "")) return false;
    return !without(hold, () => hasSeat(model, hold.holder, seat.companionOf));
  };
  return ids.some(isAlone) ? [...lines] : kept;
}

/** The seats that a hold got must be such as were asked for, free, and the best where the choice was the object's. */
export function judgeSeats(model: Model, asked: readonly Line[], told: readonly HeldLine[], { taken }: Sight): void {
  const got = new Map<string, ModelSeat[]>();
  const given = new Set<string>();
  const now = new Map(taken);
  for (const [index, { ticketTypeId, quantity, seatIds = [] }] of asked.entries()) {
    const { seatCategories = [] } = model.type(ticketTypeId) ?? {};
    const ids = (told[index]?.seats ?? []).map(({ id }) => id);
    agree(`seats of ${ticketTypeId}`, ids.length, seatCategories.length === 0 ? 0 : quantity);
    agree(`named seats of ${ticketTypeId}`, ids.slice(0, seatIds.length), seatIds);
    const seats = ids.map((id) => {
      if (given.has(id)) throw new Difference(`seat ${id} was given twice in one hold`);
      given.add(id);
      const seat = model.seats.get(id);
      if (seat === undefined || !seatCategories.includes(seat.category)) throw new Difference(`${ticketTypeId} got seat ${id}`);
      if (taken.has(id)) throw new Difference(`${ticketTypeId} got seat ${id}, which is taken`);
      return seat;
    });
    for (const id of seatIds) now.set(id, "h");
    got.set(ticketTypeId, seats.slice(seatIds.length));
  }
  for (const party of partiesOf(model, asked)) {
    const seats = party.lines.flatMap(({ ticketTypeId, count }) => (got.get(ticketTypeId) ?? []).slice(-count));
    judgeParty(model, now, party, seats);
    for (const { id } of seats) now.set(id, "h");
  }
}

function judgeParty(model: Model, taken: ReadonlyMap<string, Letter>, party: Party, seats: readonly ModelSeat[]): void {
  const { rows, isFree } = fieldOf(model, taken, party.categories, party.sections);
  const names = seats.map(({ id }) => id).join(" ");
  const ids = new Set(seats.map(({ id }) => id));
  agree("different seats", ids.size, sizeOf(party));
  for (const seat of seats) {
    const row = rows.find((some) => some.includes(seat));
    if (row === undefined || !isFree(seat))
      throw new Difference(`${names} for ${JSON.stringify(party)}: ${seat.id} is not of these`);
    if (seat.whole && !row.every(({ id }) => ids.has(id))) throw new Difference(`${names}: a part of a table`);
    if (seat.kind === "c" && !seat.whole && !ids.has(seat.companionOf ?? ""))
      throw new Difference(`${names}: a companion of nobody`);
  }
  const accessible = Math.min(party.accessible, seats.length);
  agree(`accessible seats in ${names}`, seats.filter(({ kind, whole }) => kind === "a" && !whole).length, accessible);
  if (accessible > 0 || model.isLagging) return;
  const parts = partsOf(seats);
  const field = { rows, isFree };
  const places = placesTogether(field, seats.length);
  if (places.length === 0) {
    agree(`parts of ${names}`, parts.length, fewestParts(field, seats.length));
    return;
  }
  agree(`parts of ${names}`, parts.length, 1);
  const row = rows.find((some) => some.includes(seats[0] as ModelSeat)) ?? [];
  const seen = { orphans: orphansOf(row, isFree, ids).length, distance: seats.reduce((sum, { distance }) => sum + distance, 0) };
  const [best] = places.sort((a, b) => a.orphans - b.orphans || a.distance - b.distance);
  agree(`the worth of ${names}`, seen, best);
}
