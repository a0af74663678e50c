/** What the published rules say that the object must answer, by the model alone. Null where a rule has nothing against it. */
import type { Holder, Line, TicketTypeConfig } from "../../shared/contracts/inventory.ts";
import { isGuest, type Model, type ModelHold, roomOf, sumOf } from "./inventory-model.ts";

export type Quantity = Pick<Line, "ticketTypeId" | "quantity">;

const MAX_TOGETHER = 20;

/** `isMixed`: a type is asked for twice, to sit in different sections. */
type Merged = Line & { isMixed?: true };

/** One line a type, in the order of first mention. */
export function mergeLines(items: readonly Line[]): Merged[] {
  const merged: Merged[] = [];
  for (const item of items) {
    const earlier = merged.findIndex((line) => line.ticketTypeId === item.ticketTypeId);
    const line = merged[earlier];
    if (line === undefined) merged.push(item);
    else {
      const seatIds = [...(line.seatIds ?? []), ...(item.seatIds ?? [])];
      const named = seatIds.length > 0 ? { seatIds } : {};
      merged[earlier] = {
        ...item,
        ...line,
        quantity: line.quantity + item.quantity,
        ...named,
        ...mergeBest(line, item),
      } satisfies Merged;
    }
  }
  return merged;
}

/** What two lines of one type want of the best seats, where only one of them says so much. */
function mergeBest(line: Merged, item: Line): Pick<Merged, "bestAvailable" | "isMixed"> {
  const [one, other] = [line.bestAvailable, item.bestAvailable];
  if (one === undefined || other === undefined || (one === true && other === true)) return {};
  const [first, second] = [one, other].map((best) => (best === true ? {} : best));
  const accessible = (first?.accessible ?? 0) + (second?.accessible ?? 0);
  const bestAvailable = { ...(first?.sectionIds ? { sectionIds: first.sectionIds } : {}), accessible };
  return sectionsOf(line) === sectionsOf(item) ? { bestAvailable } : { bestAvailable, isMixed: true };
}

const sectionsOf = ({ bestAvailable }: Line): string =>
  typeof bestAvailable === "object" && bestAvailable.sectionIds ? [...new Set(bestAvailable.sectionIds)].sort().join(" ") : "all";

export const hasEnded = (model: Model): boolean => model.state !== "open" || model.nowMs >= model.config.endMs;

export function windowOf(model: Model, type: TicketTypeConfig): "scheduled" | "on_sale" | "ended" {
  if (hasEnded(model) || (type.saleEndMs !== null && model.nowMs >= type.saleEndMs)) return "ended";
  if (model.opened.has(type.id) && type.opensAfterTicketTypeId !== null) return "on_sale";
  if (type.saleStartMs !== null) return model.nowMs >= type.saleStartMs ? "on_sale" : "scheduled";
  return type.opensAfterTicketTypeId === null ? "on_sale" : "scheduled";
}

/** Before any stock is looked at: event, type, quantity, form of seats, sale window. A partial hold looks at each line's own. */
export function saleRefusal(
  model: Model,
  lines: readonly Merged[],
  had: readonly Quantity[] = [],
  partial = false,
): string | null {
  if (hasEnded(model)) return "event_not_on_sale";
  const types = lines.map(({ ticketTypeId }) => model.type(ticketTypeId));
  if (types.some((type) => type === undefined)) return "ticket_type_not_found";
  if (lines.length === 0) return "quantity_out_of_range";
  for (const [index, { quantity }] of lines.entries()) {
    const { minPerOrder, maxPerOrder } = types[index] ?? { minPerOrder: 1, maxPerOrder: 0 };
    if (quantity < minPerOrder || quantity > maxPerOrder) return "quantity_out_of_range";
  }
  for (const [index, line] of lines.entries()) {
    const refusal = formRefusal(line, (types[index]?.seatCategories.length ?? 0) > 0);
    if (refusal !== null) return refusal;
  }
  const named = lines.flatMap(({ seatIds = [] }) => seatIds);
  if (new Set(named).size < named.length) return "seat_repeated";
  if (partial) return null;
  // What a hold has it may keep when the sale is over.
  const isKept = ({ ticketTypeId, quantity }: Line) =>
    had.some((line) => line.ticketTypeId === ticketTypeId && line.quantity >= quantity);
  const areOnSale = lines.every((line, index) => {
    const type = types[index];
    return isKept(line) || (type !== undefined && windowOf(model, type) === "on_sale");
  });
  return areOnSale ? null : "ticket_type_not_on_sale";
}

function formRefusal({ quantity, seatIds = [], bestAvailable, isMixed }: Merged, isSeated: boolean): string | null {
  if (!isSeated) return seatIds.length > 0 || bestAvailable !== undefined ? "seat_unknown" : null;
  if (seatIds.length === 0 && bestAvailable === undefined) return "seats_required";
  if (isMixed) return "seat_count_mismatch";
  if (quantity > MAX_TOGETHER) return "quantity_out_of_range";
  const others = quantity - seatIds.length;
  if (bestAvailable === undefined) return others === 0 ? null : "seat_count_mismatch";
  if (others < 1) return "seat_count_mismatch";
  const accessible = bestAvailable === true ? 0 : (bestAvailable.accessible ?? 0);
  return accessible > others ? "quantity_out_of_range" : null;
}

/** What one may have at a time (rule 11). */
export function holderRefusal(model: Model, holder: Holder, lines: readonly Quantity[]): string | null {
  const { maxPerAddress, unpaidOrdersPerPerson, anonymousShare } = model.config;
  const own = model.holds.filter((hold) => hold.holder.kind === holder.kind && hold.holder.key === holder.key);
  const live = own.filter((hold) => model.isLive(hold)).flatMap((hold) => hold.lines);
  if (holder.kind === "address") {
    const bought = own.filter(({ state }) => state === "confirmed").flatMap(({ orderId }) => model.ticketsOf(orderId ?? ""));
    const had = sumOf(live.map(({ quantity }) => quantity)) + bought.filter(({ status }) => status !== "void").length;
    if (maxPerAddress !== null && had + sumOf(lines.map(({ quantity }) => quantity)) > maxPerAddress) return "holder_limit";
  } else if (unpaidOrdersPerPerson !== null) {
    for (const { ticketTypeId, quantity } of lines) {
      const unpaid = sumOf(live.filter((line) => line.ticketTypeId === ticketTypeId).map((line) => line.quantity));
      if (unpaid + quantity > unpaidOrdersPerPerson * (model.type(ticketTypeId)?.maxPerOrder ?? 0)) return "holder_limit";
    }
  }
  if (!isGuest(holder) || anonymousShare === null) return null;
  const pools = model.pools();
  for (const { id, capacity } of model.config.pools) {
    const asked = sumOf(lines.filter((line) => model.type(line.ticketTypeId)?.poolIds.includes(id)).map((line) => line.quantity));
    const most = Math.max(anonymousShare * capacity, maxPerAddress ?? 0);
    if (asked > 0 && (pools.get(id)?.heldByGuests ?? 0) + asked > most) return "holder_limit";
  }
  return null;
}

/** Over all of a person's orders, claimed and live or confirmed, without void tickets. */
export function personRefusal(
  model: Model,
  by: "personKey" | "fingerprintKey",
  key: string | null,
  hold: Pick<ModelHold, "id" | "lines">,
): string | null {
  if (key === null) return null;
  const had = new Map<string, number>();
  const add = (type: string, quantity: number) => had.set(type, (had.get(type) ?? 0) + quantity);
  for (const other of model.holds) {
    if (other[by] !== key || other.id === hold.id) continue;
    if (other.orderId !== null && model.isLive(other)) for (const line of other.lines) add(line.ticketTypeId, line.quantity);
    if (other.state === "confirmed")
      for (const ticket of model.ticketsOf(other.orderId ?? "")) if (ticket.status !== "void") add(ticket.ticketTypeId, 1);
  }
  for (const { ticketTypeId, quantity } of hold.lines) {
    const most = model.type(ticketTypeId)?.maxPerPerson ?? null;
    if (most !== null && (had.get(ticketTypeId) ?? 0) + quantity > most) return "person_limit";
  }
  const most = model.config.maxPerPerson;
  const all = sumOf(had.values()) + sumOf(hold.lines.map(({ quantity }) => quantity));
  return most !== null && all > most ? "person_limit" : null;
}

/** Every pool must have room for all of it, beside what is kept for those who wait. `had` as in `publicRooms`. */
export function hasRoom(model: Model, lines: readonly Quantity[], had: readonly Quantity[] = []): boolean {
  if (!lines.every(({ ticketTypeId }) => model.type(ticketTypeId) !== undefined)) return false;
  if (![...model.pools(model.config, lines).values()].every((pool) => roomOf(pool) >= 0)) return false;
  if (model.queue().length === 0) return true;
  const asked = new Map<string, number>();
  for (const { ticketTypeId, quantity } of lines) {
    const type = model.type(ticketTypeId);
    for (const id of type === undefined ? [] : model.drawnBy(type)) asked.set(id, (asked.get(id) ?? 0) + quantity);
  }
  const rooms = model.publicRooms(had);
  return [...asked].every(([id, quantity]) => quantity <= (rooms.get(id) ?? 0));
}

/** As if the hold had nothing. */
export function without<T>(hold: ModelHold, look: () => T): T {
  const { lines } = hold;
  hold.lines = [];
  try {
    return look();
  } finally {
    hold.lines = lines;
  }
}
