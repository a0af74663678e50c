/**
 * A Worker with the shipped `TicketInventory` and whoever asks it: everything passes the object's RPC doors, as from the events Worker,
 * and nothing else of the house is in the way.
 */
import { DurableObject } from "cloudflare:workers";
import { AvailabilityFeed } from "../../durable-objects/availability-feed";
import { TicketInventory } from "../../durable-objects/ticket-inventory";
import type { InventoryConfig, Line, TicketTypeConfig } from "../../shared/contracts/inventory";
import type { TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import { uuidV7 } from "../../shared/crypto/uuid";
import { compileSeatMap, partsOf } from "../../workers/events/seat-map-compile";
import { contend, inTurn } from "../support/contenders";
import { arenaMap } from "../support/seat-maps";
import type { Command, Tally } from "./inventory-commands";

export { AvailabilityFeed };

const ORGANIZER = "0197f3c2-2222-7c11-8b2a-1a2b3c4d5e02";
const STANDING = "0197f3c2-1111-7c11-8b2a-1a2b3c4d5e01";
const SEATED = "0197f3c2-1111-7c11-8b2a-1a2b3c4d5e02";
const MAP = "0197f3c2-3333-7c11-8b2a-1a2b3c4d5e01";
/** Tickets in each order of those that only fill an event. */
const AN_ORDER = 10;

/** With a look at its tables, past every door. */
export class MeasuredInventory extends TicketInventory {
  tally(): Tally {
    const { sql } = this.ctx.storage;
    return {
      ...sql
        .exec<Omit<Tally, "bytes">>(
          `SELECT (SELECT COUNT(*) FROM tickets WHERE status <> 'void') AS tickets,
             (SELECT COUNT(*) FROM orders WHERE outcome = 'confirmed') AS orders,
             (SELECT COUNT(*) FROM holds WHERE status IN ('held', 'claimed')) AS liveHolds,
             (SELECT COUNT(*) FROM seat_owners WHERE state = 'sold') AS seats,
             (SELECT capacity FROM pools WHERE id = 'event') AS capacity,
             (SELECT sold FROM pools WHERE id = 'event') AS sold,
             (SELECT held FROM pools WHERE id = 'event') AS held`,
        )
        .one(),
      bytes: sql.databaseSize,
    };
  }
}

/** The ceiling: an object that adds in memory, asked from where the other one is asked. */
export class Counter extends DurableObject {
  #count = 0;
  add(): number {
    return ++this.#count;
  }
}

interface Environment {
  TICKET_INVENTORY: { getByName(name: string): TicketInventoryRpc & { tally(): Promise<Tally> } };
  COUNTER: { getByName(name: string): { add(): Promise<number> } };
}

/** The limits on holders are production's (workers/events/stored-event.ts). */
function configOf(eventId: string, standing: number, seats: number): InventoryConfig {
  const type = (id: string, quantity: number, seatCategories: string[]): TicketTypeConfig => ({
    id,
    name: id,
    description: null,
    poolIds: [id, "event"],
    quantity,
    unitPriceMinor: 2500,
    minPerOrder: 1,
    maxPerOrder: 10,
    saleStartMs: null,
    saleEndMs: null,
    opensAfterTicketTypeId: null,
    maxPerPerson: null,
    seatCategories,
  });
  return {
    eventId,
    organizerId: ORGANIZER,
    version: 1,
    changeId: "first",
    isPublic: true,
    currency: "EUR",
    endMs: Date.now() + 86_400_000,
    // None ends while it is measured.
    holdMs: 3_600_000,
    holdCapMs: 3_600_000,
    maxPerPerson: null,
    seatMapId: seats > 0 ? MAP : null,
    refuseOrphanSeats: false,
    allowWaitlist: false,
    offerMs: 86_400_000,
    maxPerAddress: 50,
    unpaidOrdersPerPerson: 2,
    anonymousShare: 0.5,
    pools: [
      { id: STANDING, capacity: standing, withinPoolIds: [] },
      { id: SEATED, capacity: seats, withinPoolIds: [] },
      { id: "event", capacity: standing + seats, withinPoolIds: [] },
    ],
    ticketTypes: [type(STANDING, standing, []), ...(seats > 0 ? [type(SEATED, seats, ["front", "middle", "back"])] : [])],
  };
}

/** Its id is made as the events Worker makes it. */
const holdOf = (items: Line[]) => ({
  holdId: uuidV7(Date.now()),
  requestHash: "",
  holder: { kind: "user" as const, key: crypto.randomUUID() },
  insider: false,
  items,
});

async function open(inventory: TicketInventoryRpc, eventId: string, standing: number, sections: number): Promise<number> {
  const seats = sections * 1_000;
  if (seats > 0) {
    const compiled = compileSeatMap(MAP, arenaMap({ sections }));
    if (!compiled.ok) throw new Error("the arena is not a map");
    for (const part of partsOf(compiled.value)) await inventory.installSeats(part);
  }
  const opened = await inventory.open(configOf(eventId, standing, seats));
  if (!opened.ok) throw new Error(`not opened: ${opened.error.code}`);
  return seats;
}

/** Milliseconds that it takes to place so many holds; they stay, or are given back when the time has been taken. */
async function place(inventory: TicketInventoryRpc, count: number, inFlight: number, stays: boolean): Promise<number> {
  const holdIds: string[] = [];
  const startMs = performance.now();
  await inTurn(count, inFlight, async () => {
    const hold = holdOf([{ ticketTypeId: STANDING, quantity: 1 }]);
    const placed = await inventory.placeHold({ ...hold, keyed: false });
    if (!placed.ok) throw new Error(`no hold: ${placed.error.code}`);
    holdIds.push(hold.holdId);
  });
  const ms = performance.now() - startMs;
  if (!stays)
    await inTurn(count, inFlight, async (number) => {
      await inventory.releaseHold(holdIds[number] ?? "");
    });
  return ms;
}

/** Orders of ten, paid. */
async function sell(inventory: TicketInventoryRpc, eventId: string, seated: boolean, tickets: number): Promise<void> {
  const line: Line = { ticketTypeId: STANDING, quantity: AN_ORDER };
  await inTurn(Math.ceil(tickets / AN_ORDER), 32, async () => {
    const orderId = crypto.randomUUID();
    const hold = holdOf([seated ? { ...line, ticketTypeId: SEATED, bestAvailable: true } : line]);
    const claimed = await inventory.claim({ ...hold, orderId });
    if (!claimed.ok) throw new Error(`no order: ${claimed.error.code}`);
    const buyer = { name: "Bea Buyer", email: "buyer@people.example" };
    const confirmed = await inventory.confirm({ eventId, orderId, buyer, attendees: [] });
    if (!confirmed.ok) throw new Error(`no tickets: ${confirmed.error.code}`);
  });
}

async function add(counter: { add(): Promise<number> }, count: number, inFlight: number): Promise<number> {
  const startMs = performance.now();
  await inTurn(count, inFlight, async () => {
    await counter.add();
  });
  return performance.now() - startMs;
}

function obey(command: Command, env: Environment): Promise<unknown> {
  const { event } = command;
  const inventory = env.TICKET_INVENTORY.getByName(event);
  switch (command.does) {
    case "open":
      return open(inventory, event, command.standing, command.sections);
    case "place":
      return place(inventory, command.count, command.inFlight, command.stays);
    case "sell":
      return sell(inventory, event, command.seated, command.tickets);
    case "contend":
      return contend(inventory, { ...command, eventId: event, ticketTypeId: STANDING });
    case "add":
      return add(env.COUNTER.getByName(event), command.count, command.inFlight);
    case "look":
      return Promise.all([inventory.availability(), inventory.seatStates()]);
    default:
      return inventory.tally();
  }
}

export default {
  async fetch(request: Request, env: Environment): Promise<Response> {
    return Response.json((await obey(await request.json<Command>(), env)) ?? null);
  },
};
