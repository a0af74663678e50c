/** What the organizer does: opens, changes and closes the event, blocks, frees and swaps seats. */
import type { InventoryConfig } from "../../shared/contracts/inventory.ts";
import type { Refusal } from "../../shared/contracts/problems.ts";
import type { Result } from "../../shared/contracts/result.ts";
import type { CompiledSeatMap, SeatMove } from "../../shared/contracts/seats.ts";
import { agree, type Command, command, Difference, settle } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import type { Model } from "./inventory-model.ts";
import { roomOf } from "./inventory-model.ts";
import { agreeOnTickets } from "./inventory-orders.ts";
import { breakTerms, calm, changeTerms, type Era } from "./inventory-terms.ts";

/** The maps that the event may be sold by, and which of them the object has been given. */
export interface Atlas {
  maps: ReadonlyMap<string, CompiledSeatMap>;
  laid: Set<string>;
}

export const eraOf = (model: Model, { maps }: Atlas): Era => {
  const { ticketTypes } = model.config;
  const seating = ticketTypes
    .filter(({ seatCategories }) => seatCategories.length > 0)
    .map(({ seatCategories }) => seatCategories);
  return { nowMs: model.nowMs, seating, seatMapIds: maps.size === 0 ? [null] : [...maps.keys()] };
};

/** One at a time is laid beside the event's: another one that was goes. */
export function layMap(dice: Dice, model: Model, { maps, laid }: Atlas): Command {
  const map = dice.pick([...maps.values()]);
  return command(
    `installSeats ${map.id}`,
    (object) => object.installSeats({ ...map, part: 0, parts: 1 }),
    (answer) => {
      agree("the map is there", settle(answer, null)?.complete, true);
      for (const id of laid) if (!laid.has(map.id) && id !== model.config.seatMapId) laid.delete(id);
      laid.add(map.id);
    },
  );
}

/** Publishing and changing: both write the terms. */
export function setTerms(dice: Dice, model: Model, atlas: Atlas): Command {
  const next = drawNext(dice, model, atlas);
  // The terms cannot change a cancelled event's stock any more, and nobody asks.
  if (model.state === "cancelled") return close(model, "cancelled");
  const isOpening = dice.chance(0.1);
  return command(
    `${isOpening ? "open" : "reconfigure"} ${JSON.stringify(next)}`,
    async (object): Promise<Result<{ version: number }, Refusal>> => (isOpening ? object.open(next) : object.reconfigure(next)),
    (answer) => {
      const standing = model.config;
      if (isOpening && model.state !== "open") return void settle(answer, "event_state");
      if (next.version === standing.version && (isOpening || next.changeId === standing.changeId))
        return void agree("the version", settle(answer, null)?.version, standing.version);
      const refusal = next.version <= model.config.version ? "state_moved" : termsRefusal(model, next, atlas);
      const hidden = isOpening && refusal !== null && refusal !== "seats_missing" ? "state_moved" : refusal;
      if (settle(answer, hidden) === null) {
        if (!answer.ok && answer.error.code === "capacity_below_sold") agreeOnNumbers(model, next, answer.error.members ?? {});
        return;
      }
      if (next.seatMapId !== model.config.seatMapId) {
        model.lay(next.seatMapId === null ? null : (atlas.maps.get(next.seatMapId) ?? null));
        atlas.laid.clear();
        if (next.seatMapId !== null) atlas.laid.add(next.seatMapId);
      }
      for (const id of model.opened)
        if ((next.ticketTypes.find((type) => type.id === id)?.opensAfterTicketTypeId ?? null) === null) model.opened.delete(id);
      model.config = next;
      model.openTiers();
    },
  );
}

function drawNext(dice: Dice, model: Model, atlas: Atlas): InventoryConfig {
  const changed = changeTerms(dice, model.config, eraOf(model, atlas));
  const next = model.isCalm ? calm(changed) : changed;
  return dice.weigh<() => InventoryConfig>([
    [20, () => next],
    [1, () => model.config],
    [1, () => ({ ...next, version: model.config.version })],
    [1, () => ({ ...next, version: model.config.version - 1 })],
  ])();
}

/** Terms with a fault that only a bug lets through. */
export function setBrokenTerms(model: Model): Command {
  const broken = breakTerms(model.config);
  return command(
    "reconfigure with a type that draws from no pool",
    (object) => object.reconfigure(broken),
    (answer) => agree("a type without a pool", answer.ok, false),
    { mayThrow: true },
  );
}

function termsRefusal(model: Model, next: InventoryConfig, { maps, laid }: Atlas): string | null {
  if (next.seatMapId !== model.config.seatMapId) {
    if (next.seatMapId !== null && !laid.has(next.seatMapId)) return "seats_missing";
    const map = next.seatMapId === null ? undefined : maps.get(next.seatMapId);
    const ids = new Set(map?.segments.flatMap(({ seats }) => seats.map(({ id }) => id)) ?? []);
    if ([...model.takenSeats().keys()].some((id) => !ids.has(id))) return "seat_map_in_use";
  }
  const gone = model.config.ticketTypes.filter(({ id }) => !next.ticketTypes.some((type) => type.id === id));
  if (gone.some(({ id }) => isInUse(model, id))) return "ticket_type_in_use";
  return [...model.pools(next).values()].some((pool) => roomOf(pool) < 0) ? "capacity_below_sold" : null;
}

/** Tickets, live holds, and orders that may still be paid. */
function isInUse(model: Model, ticketTypeId: string): boolean {
  if (model.tickets.some((ticket) => ticket.ticketTypeId === ticketTypeId)) return true;
  return model.holds.some((hold) => {
    if (!hold.lines.some((line) => line.ticketTypeId === ticketTypeId)) return false;
    if (hold.orderId === null) return model.isLive(hold);
    return hold.state !== "confirmed" && hold.releasedFor === null && hold.capMs > model.nowMs;
  });
}

function agreeOnNumbers(model: Model, next: InventoryConfig, members: NonNullable<Refusal["members"]>): void {
  const pool = model.pools(next).get(String(members.poolId));
  if (pool === undefined || roomOf(pool) >= 0) throw new Difference(`pool ${members.poolId} has room`);
  const { capacity, sold, held, blocked } = pool;
  agree(
    `pool ${members.poolId}`,
    [members.capacity, members.sold, members.held, members.blocked],
    [capacity, sold, held, blocked],
  );
}

export function close(model: Model, reason: "cancelled" | "completed"): Command {
  return command(
    `close ${reason}`,
    (object) => object.close(reason),
    (answer) => {
      agree("the version", settle(answer, null)?.version, model.config.version);
      if (model.state !== "cancelled") model.state = reason;
    },
  );
}

function drawSeatIds(dice: Dice, model: Model): string[] {
  const all = [...model.seats.keys()];
  const ids = Array.from({ length: dice.between(1, 3) }, () => dice.pick(all));
  return dice.chance(0.03) ? [...ids, "no seat"] : dice.chance(0.9) ? [...new Set(ids)] : ids;
}

const namesRefusal = (model: Model, ids: readonly string[]): string | null =>
  new Set(ids).size < ids.length ? "seat_repeated" : ids.every((id) => model.seats.has(id)) ? null : "seat_unknown";

export function blockSeats(dice: Dice, model: Model): Command {
  const ids = drawSeatIds(dice, model);
  return command(
    `blockSeats ${ids}`,
    (object) => object.blockSeats(ids, "camera"),
    (answer) => {
      const taken = model.takenSeats();
      const inTheWay = ids.some((id) => taken.has(id) && !model.blocked.has(id));
      const told = settle(answer, namesRefusal(model, ids) ?? (inTheWay ? "seat_taken" : null));
      if (told === null) return;
      const fresh = ids.filter((id) => !model.blocked.has(id));
      agree("blocked", told.changed, fresh.length);
      for (const id of fresh) model.blocked.add(id);
      model.openTiers();
    },
  );
}

export function releaseSeats(dice: Dice, model: Model): Command {
  const ids = model.blocked.size > 0 && dice.chance(0.8) ? dice.some([...model.blocked], 0.5) : drawSeatIds(dice, model);
  const companions = dice.chance(0.1);
  const tied = [...model.seats.values()].filter(({ kind, whole }) => kind === "c" && !whole).map(({ id }) => id);
  if (companions && tied.length > 0 && dice.chance(0.7)) ids.push(dice.pick(tied));
  return command(
    `releaseSeats ${ids}${companions ? " companions" : ""}`,
    (object) => object.releaseSeats(ids, companions),
    (answer) => {
      const told = settle(answer, namesRefusal(model, ids));
      if (told === null) return;
      const changed = ids.filter((id) => {
        const seat = model.seats.get(id);
        const isReleased = companions && seat?.kind === "c" && !seat.whole;
        if (isReleased) seat.kind = "o";
        return model.blocked.delete(id) || isReleased;
      });
      agree("released", told.changed, changed.length);
    },
  );
}

export function swapSeats(dice: Dice, model: Model): Command {
  const seated = model.tickets.filter(({ seatId, status }) => seatId !== null && (status !== "void" || dice.chance(0.05)));
  const tickets = dice.some(seated, 2 / (seated.length + 1));
  const seats = [...model.seats.keys()];
  const own = tickets.map(({ seatId }) => seatId ?? "");
  const moves: SeatMove[] = tickets.map(({ id }, index) => ({
    ticketId: id,
    seatId: dice.chance(0.6) ? (own[(index + 1) % own.length] ?? "") : dice.pick(seats),
  }));
  return command(
    `swapSeats ${JSON.stringify(moves)}`,
    (object) => object.swapSeats(moves),
    (answer) => {
      const told = settle(answer, swapRefusal(model, moves));
      if (told === null) return;
      for (const { ticketId, seatId } of moves) {
        const ticket = model.tickets.find(({ id }) => id === ticketId);
        if (ticket !== undefined) ticket.seatId = seatId;
      }
      model.openTiers();
      agreeOnTickets(
        told,
        moves.flatMap(({ ticketId }) => model.tickets.filter(({ id }) => id === ticketId)),
      );
    },
  );
}

function swapRefusal(model: Model, moves: readonly SeatMove[]): string | null {
  if (model.state === "cancelled") return "event_state";
  const tickets = moves.map(({ ticketId }) => model.tickets.find(({ id }) => id === ticketId));
  if (tickets.some((ticket) => ticket === undefined || ticket.seatId === null || ticket.status === "void"))
    return "ticket_not_seated";
  const ids = moves.map(({ seatId }) => seatId);
  if (new Set(ids).size < ids.length) return "seat_repeated";
  const fits = moves.every(({ seatId }, index) => {
    const category = model.seats.get(seatId)?.category ?? "";
    return model.type(tickets[index]?.ticketTypeId ?? "")?.seatCategories.includes(category);
  });
  if (!fits) return "seat_unknown";
  const taken = model.takenSeats();
  for (const ticket of tickets) taken.delete(ticket?.seatId ?? "");
  return ids.some((id) => taken.has(id)) ? "seat_taken" : null;
}
