/** Those who wait: whose turn it is by the rules, and the doors of the list. Nobody overtakes. */
import type { Holder } from "../../shared/contracts/inventory.ts";
import type { WaitingState } from "../../shared/contracts/waiting.ts";
import { agree, type Command, command, Difference, settle } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import { agreeOnHold } from "./inventory-holds.ts";
import { type Model, type ModelEntry, type ModelHold, roomOf } from "./inventory-model.ts";
import { hasEnded } from "./inventory-rules.ts";
import type { Ground } from "./inventory-storage.ts";

const STANDING: readonly WaitingState[] = ["waiting", "offered", "accepted"];

/** Until the object has named it. */
const nameOf = ({ id }: ModelEntry): string => `offer to ${id}`;
const holdOf = (model: Model, { holdId }: ModelEntry): ModelHold | undefined =>
  holdId === null ? undefined : model.hold(holdId);

export function stateOf(model: Model, entry: ModelEntry): WaitingState {
  const hold = holdOf(model, entry);
  if (entry.status !== "offered" || hold === undefined) return entry.status;
  if (hold.state === "confirmed") return "ordered";
  if (!model.isLive(hold)) return hold.state === "released" ? "declined" : "expired";
  return hold.orderId === null && !entry.isAccepted ? "offered" : "accepted";
}

/**
 * By priority, then by time: each the first of his types that there is enough of; who gets none keeps what there is from later ones, and
 * who could never get any waits no more. `newcomer`: who has joined just now, and gets a hold like any other if there is enough.
 */
export function takeTurns(model: Model, newcomer?: ModelEntry): void {
  if (model.state !== "open" || model.nowMs >= model.config.endMs || !model.config.allowWaitlist) {
    endAll(model);
    return;
  }
  const left = new Map([...model.pools()].map(([id, pool]) => [id, roomOf(pool)]));
  for (const entry of model.queue()) {
    const types = model.typesFor(entry);
    const found = types.find((type) => model.leastIn(type, left) >= entry.quantity);
    if (types.length === 0) {
      entry.status = "ended";
      continue;
    }
    if (found === undefined) {
      model.setAside(types, left);
      continue;
    }
    const holder: Holder = { kind: "user", key: entry.userId ?? entry.personKey };
    const { holdMs, offerMs, endMs: eventEndMs } = model.config;
    const endMs = Math.min(model.nowMs + (entry === newcomer ? Math.min(holdMs, offerMs) : offerMs), eventEndMs);
    const line = {
      ticketTypeId: found.id,
      quantity: entry.quantity,
      unitPriceMinor: found.unitPriceMinor,
      asked: null,
      seatIds: [],
    };
    const id = nameOf(entry);
    model.holds.push({ ...NEW_OFFER, id, holder, endMs, capMs: endMs, lines: [line] });
    entry.status = "offered";
    entry.holdId = id;
    for (const poolId of model.drawnBy(found)) left.set(poolId, (left.get(poolId) ?? 0) - entry.quantity);
  }
}

const NEW_OFFER = {
  requestHash: "offer",
  state: "held",
  orderId: null,
  reacquired: 0,
  personKey: null,
  fingerprintKey: null,
  releasedFor: null,
} as const;

function endAll(model: Model): void {
  for (const entry of model.entries) {
    const hold = holdOf(model, entry);
    if (entry.status === "waiting") entry.status = "ended";
    else if (model.state === "cancelled" && hold !== undefined && hold.orderId === null && model.isLive(hold)) {
      hold.state = "released";
      entry.status = "ended";
    }
  }
}

/** The object has named its offers; everything else about the list must be as the rules say. */
export function agreeOnList({ storage }: Ground, model: Model): void {
  const rows = storage.sql.exec<{ id: string; status: string; hold_id: string | null }>(
    "SELECT id, status, hold_id FROM waiting_entries ORDER BY number",
  );
  const told = rows.toArray();
  agree(
    "the waiting list",
    told.map(({ id, status, hold_id }) => [id, status, hold_id !== null]),
    model.entries.map(({ id, status, holdId }) => [id, status, holdId !== null]),
  );
  for (const [index, entry] of model.entries.entries()) {
    const holdId = told[index]?.hold_id ?? null;
    const hold = holdOf(model, entry);
    if (holdId === null || hold === undefined || hold.id === holdId) continue;
    hold.id = holdId;
    entry.holdId = holdId;
    const [row] = storage.sql
      .exec<{ lines: string; expires_at_ms: number }>("SELECT lines, expires_at_ms FROM holds WHERE id = ?", holdId)
      .toArray();
    if (row === undefined) throw new Difference(`offer ${holdId} is not there`);
    const lines = JSON.parse(row.lines) as { ticketTypeId: string; quantity: number; unitPriceMinor: number }[];
    agree(
      `the offer to ${entry.id}`,
      [row.expires_at_ms, ...lines.map((line) => [line.ticketTypeId, line.quantity, line.unitPriceMinor])],
      [hold.endMs, ...hold.lines.map((line) => [line.ticketTypeId, line.quantity, line.unitPriceMinor])],
    );
  }
}

export function joinWaitlist(dice: Dice, model: Model, number: number): Command {
  const person = dice.below(12);
  const ids = model.config.ticketTypes.map(({ id }) => id);
  const wished = dice.some(ids, 0.4);
  const request = {
    entryId: `0197f3c2-7b1f-4a52-8f0e-${String(number).padStart(12, "0")}`,
    personKey: `person ${person}`,
    userId: dice.chance(0.6) ? `user ${person}` : null,
    isConfirmed: true,
    email: "ada@bilten.example",
    name: null,
    language: "en",
    ticketTypeIds: wished.length > 0 ? wished.reverse() : [dice.pick(ids)],
    quantity: dice.between(1, 4),
    priority: dice.chance(0.2) ? dice.between(1, 2) : 0,
    insider: dice.chance(0.5),
  };
  return command(
    `joinWaitlist ${JSON.stringify(request)}`,
    (object) => object.joinWaitlist(request),
    (answer) => {
      const told = settle(answer, joinRefusal());
      if (told === null) return;
      const { entryId: id, personKey, userId, ticketTypeIds, quantity, priority } = request;
      const entry: ModelEntry = {
        id,
        personKey,
        userId,
        ticketTypeIds,
        quantity,
        priority,
        status: "waiting",
        holdId: null,
        isAccepted: false,
      };
      model.entries.push(entry);
      takeTurns(model, entry);
      agree(`${id} now`, told.state, stateOf(model, entry));
    },
  );

  function joinRefusal(): string | null {
    if (!model.config.isPublic && !request.insider) return "event_not_found";
    if (!model.config.allowWaitlist) return "waitlist_closed";
    if (hasEnded(model)) return "event_not_on_sale";
    for (const id of request.ticketTypeIds) {
      const type = model.type(id);
      if (type === undefined) return "ticket_type_not_found";
      if (request.quantity < type.minPerOrder || request.quantity > type.maxPerOrder) return "quantity_out_of_range";
    }
    if (model.typesFor(request).length === 0) return "quantity_out_of_range";
    const own = model.entries.filter(({ personKey }) => personKey === request.personKey);
    return own.some((entry) => STANDING.includes(stateOf(model, entry))) ? "already_waiting" : null;
  }
}

const pickEntry = (dice: Dice, model: Model): { id: string; entry: ModelEntry | undefined } => {
  const open = model.entries.filter((entry) => STANDING.includes(stateOf(model, entry)) || dice.chance(0.2));
  const entry = dice.chance(0.04) ? undefined : dice.pickLate(open);
  return { id: entry?.id ?? "nobody's", entry };
};

export function acceptOffer(dice: Dice, model: Model): Command {
  const { id, entry } = pickEntry(dice, model);
  return command(
    `acceptOffer ${id}`,
    (object) => object.acceptOffer(id),
    (answer) => {
      if (entry === undefined) return void settle(answer, "waitlist_entry_not_found");
      const hold = holdOf(model, entry);
      const isOrdered = hold !== undefined && hold.orderId !== null;
      const isOpen =
        entry.status === "offered" && hold !== undefined && model.isLive(hold) && (model.state === "open" || isOrdered);
      const told = settle(answer, isOpen ? null : "offer_not_open");
      if (told === null || hold === undefined) return;
      entry.isAccepted = true;
      if (hold.id === nameOf(entry)) hold.id = entry.holdId = told.holdId;
      agreeOnHold(model, told, hold);
    },
  );
}

export function declineOffer(dice: Dice, model: Model): Command {
  const { id, entry } = pickEntry(dice, model);
  return command(
    `declineOffer ${id}`,
    (object) => object.declineOffer(id),
    (answer) => {
      if (entry === undefined) return void settle(answer, "waitlist_entry_not_found");
      const hold = holdOf(model, entry);
      if (hold === undefined) return void settle(answer, entry.status === "waiting" ? "offer_not_open" : null);
      const isOrdered = hold.orderId !== null && (model.isLive(hold) || stateOf(model, entry) === "ordered");
      settle(answer, isOrdered ? "hold_in_use" : null);
      if (hold.orderId === null && model.isLive(hold)) hold.state = "released";
    },
  );
}

export function leaveWaitlist(dice: Dice, model: Model): Command {
  const { id, entry } = pickEntry(dice, model);
  return command(
    `leaveWaitlist ${id}`,
    (object) => object.leaveWaitlist(id),
    (answer) => {
      if (entry === undefined) return void settle(answer, "waitlist_entry_not_found");
      const hold = holdOf(model, entry);
      const isOrdered = hold !== undefined && hold.orderId !== null && model.isLive(hold);
      settle(answer, isOrdered ? "hold_in_use" : null);
      if (isOrdered) return;
      const stood = STANDING.includes(stateOf(model, entry));
      if (hold !== undefined && hold.orderId === null && model.isLive(hold)) hold.state = "released";
      if (stood) entry.status = "removed";
    },
  );
}

export function readEntry(dice: Dice, model: Model): Command {
  const { id, entry } = pickEntry(dice, model);
  return command(
    `waitingEntry ${id}`,
    (object) => object.waitingEntry(id),
    (answer) => {
      const told = settle(answer, entry === undefined ? "waitlist_entry_not_found" : null);
      if (told !== null && entry !== undefined) agree(`${id} now`, told.state, stateOf(model, entry));
    },
    { isReading: true },
  );
}
