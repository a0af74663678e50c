/** Random commands on an event with seats, over the shipped functions: after each, what the tables say of a seat is one thing. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openEvent, readTerms } from "../../durable-objects/ticket-inventory/event";
import { expireDue } from "../../durable-objects/ticket-inventory/expiry";
import { changeHold, reacquireHold, releaseHold } from "../../durable-objects/ticket-inventory/hold-changes";
import { placeHold } from "../../durable-objects/ticket-inventory/holds";
import { INVENTORY_SCHEMA } from "../../durable-objects/ticket-inventory/migrations";
import { claimHold, confirmOrder, extendOrder, releaseOrder } from "../../durable-objects/ticket-inventory/orders";
import { installSeats } from "../../durable-objects/ticket-inventory/seat-map";
import { swapSeats } from "../../durable-objects/ticket-inventory/seat-swaps";
import { blockSeats, releaseSeats } from "../../durable-objects/ticket-inventory/seats";
import { voidTickets } from "../../durable-objects/ticket-inventory/tickets";
import type { InventoryConfig, Line, TicketTypeConfig } from "../../shared/contracts/inventory";
import { migrateSchema } from "../../shared/durable/migrations";
import { nodeWorkers, openNodeStorage } from "../support/node-inventory";
import { checkSeats } from "../support/seat-books";
import { smallMap, smallRows } from "../support/small-seat-maps";

vi.mock("cloudflare:workers", () => nodeWorkers);

const SEQUENCES = 100;
const HOLD_MS = 10_000;
const TIMEOUT_MS = 90_000;

const number = fc.nat(1_000);
const command = fc.record({
  what: fc.constantFrom(
    "pick",
    "best",
    "pick",
    "best",
    "change",
    "release",
    "claim",
    "claim",
    "confirm",
    "confirm",
    "void",
    "block",
    "unblock",
    "swap",
    "wait",
    "expire",
    "extend",
    "reacquire",
    "drop",
  ),
  a: number,
  b: number,
  c: number,
});

const type = (id: string, seatCategories: string[]): TicketTypeConfig => ({
  id,
  name: id,
  description: null,
  poolIds: ["event"],
  quantity: 1_000,
  unitPriceMinor: 100,
  minPerOrder: 1,
  maxPerOrder: 20,
  saleStartMs: null,
  saleEndMs: null,
  opensAfterTicketTypeId: null,
  maxPerPerson: null,
  seatCategories,
});

/** A swap is news, which names things by ids. */
const idOf = (kind: number, number = 0): string => `0000000${kind}-0000-4000-8000-${String(number).padStart(12, "0")}`;

const TYPES = [type("zero", ["c0"]), type("one", ["c1"]), type("both", ["c0", "c1"])];

const config = (refuseOrphanSeats: boolean): InventoryConfig => ({
  eventId: idOf(1),
  organizerId: idOf(2),
  version: 1,
  changeId: "first",
  isPublic: true,
  currency: "EUR",
  endMs: 1_000_000_000,
  holdMs: HOLD_MS,
  holdCapMs: 3 * HOLD_MS,
  maxPerPerson: null,
  seatMapId: "small",
  refuseOrphanSeats,
  allowWaitlist: false,
  offerMs: HOLD_MS,
  maxPerAddress: null,
  unpaidOrdersPerPerson: null,
  anonymousShare: null,
  pools: [{ id: "event", capacity: 1_000, withinPoolIds: [] }],
  ticketTypes: TYPES,
});

function openWorld(rows: Parameters<typeof smallMap>[0], refuseOrphans: boolean) {
  const { state, sql } = openNodeStorage();
  const map = smallMap(rows);
  migrateSchema(state.storage, INVENTORY_SCHEMA);
  installSeats(sql, { ...map, part: 0, parts: 1 });
  expect(openEvent(sql, config(refuseOrphans), 0).ok).toBe(true);
  const terms = readTerms(sql);
  if (terms === null) throw new Error("the event is not open");
  return { state, sql, terms, map };
}

type World = ReturnType<typeof openWorld>;
interface Run {
  nowMs: number;
  next: number;
  holds: string[];
  orders: string[];
}

const seatIdsOf = ({ map }: World) => map.segments.flatMap(({ seats }) => seats.map(({ id }) => id));

function linesOf(world: World, { a, b, c }: { a: number; b: number; c: number }, isBest: boolean): Line[] {
  const seatIds = seatIdsOf(world);
  const { id: ticketTypeId } = TYPES[a % TYPES.length] ?? type("", []);
  const quantity = 1 + (b % 5);
  if (isBest) return [{ ticketTypeId, quantity, bestAvailable: c % 4 === 0 ? { accessible: 1 } : true }];
  // Neighbours more often than not, so that whole tables are found too.
  const first = c % seatIds.length;
  const asked = [...new Set(Array.from({ length: quantity }, (_, offset) => seatIds[(first + offset) % seatIds.length] ?? ""))];
  return [{ ticketTypeId, quantity: asked.length, seatIds: asked }];
}

function apply(world: World, run: Run, { what, a, b, c }: { what: string; a: number; b: number; c: number }): { ok: boolean } {
  const { sql, terms } = world;
  const { nowMs } = run;
  const holdId = run.holds[a % Math.max(1, run.holds.length)] ?? "none";
  const orderId = run.orders[a % Math.max(1, run.orders.length)] ?? "none";
  const seatIds = seatIdsOf(world);
  const seatOf = (index: number) => seatIds[index % seatIds.length] ?? "";
  const place = (isBest: boolean) => {
    const id = `hold-${run.next++}`;
    run.holds.push(id);
    const items = linesOf(world, { a, b, c }, isBest);
    const holder = { kind: a % 2 === 0 ? ("user" as const) : ("address" as const), key: `${a}` };
    return placeHold(
      sql,
      terms,
      { holdId: id, keyed: false, requestHash: "x", holder, items, insider: false, partial: b % 7 === 0 },
      nowMs,
    );
  };
  const tickets = () => sql.exec<{ id: string }>("SELECT id FROM tickets ORDER BY position").toArray();
  const ticketAt = (index: number) => tickets()[index % Math.max(1, tickets().length)]?.id ?? "none";
  switch (what) {
    case "pick":
      return place(false);
    case "best":
      return place(true);
    case "change":
      return changeHold(sql, terms, { holdId, items: linesOf(world, { a: b, b: c, c: a }, c % 2 === 0), partial: false }, nowMs);
    case "release":
      return releaseHold(sql, terms, holdId, nowMs);
    case "reacquire":
      return reacquireHold(sql, terms, holdId, nowMs);
    case "claim": {
      const order = idOf(3, run.next++);
      run.orders.push(order);
      const holder = { kind: "user" as const, key: "somebody" };
      return claimHold(sql, terms, { orderId: order, holdId, requestHash: "x", holder, insider: false, items: null }, nowMs);
    }
    case "confirm":
      return confirmOrder(
        sql,
        terms,
        { eventId: terms.eventId, orderId, buyer: { name: "Ada", email: "ada@example.org" }, attendees: [] },
        nowMs,
      );
    case "extend":
      return extendOrder(sql, terms, orderId, nowMs + HOLD_MS, nowMs);
    case "drop":
      return releaseOrder(sql, terms, orderId, b % 2 === 0 ? "expired" : "cancelled", nowMs);
    case "void": {
      const id = ticketAt(b);
      const [ticket] = sql.exec<{ order_id: string }>("SELECT order_id FROM tickets WHERE id = ?", id).toArray();
      return voidTickets(sql, terms, ticket?.order_id ?? "none", c % 2 === 0 ? null : [id]);
    }
    case "block":
      return blockSeats(sql, [...new Set([seatOf(b), seatOf(c)])], null);
    case "unblock":
      return releaseSeats(sql, [...new Set([seatOf(b), seatOf(c), seatOf(a)])]);
    case "swap": {
      const [one, other] = [ticketAt(a), ticketAt(b)];
      const seatOfTicket = (id: string) =>
        sql.exec<{ seat_id: string }>("SELECT seat_id FROM tickets WHERE id = ? AND seat_id IS NOT NULL", id).toArray()[0]
          ?.seat_id ?? "";
      if (c % 3 === 0) return swapSeats(sql, terms, [{ ticketId: one, seatId: seatOf(c) }], nowMs);
      return swapSeats(
        sql,
        terms,
        [
          { ticketId: one, seatId: seatOfTicket(other) },
          { ticketId: other, seatId: c % 3 === 1 ? seatOfTicket(one) : seatOf(c) },
        ],
        nowMs,
      );
    }
    case "wait":
      run.nowMs += (a % 8) * 1_500;
      return { ok: true };
    default:
      expireDue(sql, terms, nowMs, 1 + (a % 5));
      return { ok: true };
  }
}

/** Every ticket of the event has a seat. */
const counted = (sql: SqlStorage) => {
  const owners = sql.exec<{ state: string }>("SELECT state FROM seat_owners").toArray();
  const count = (state: string) => owners.filter((owner) => owner.state === state).length;
  return { held: count("held"), sold: count("sold") };
};

test("after any commands every seat has one owner, and states, index, tickets and pools agree", { timeout: TIMEOUT_MS }, () => {
  const done: Record<string, number> = {};
  fc.assert(
    fc.property(
      smallRows,
      fc.boolean(),
      fc.array(command, { minLength: 40, maxLength: 120 }),
      (rows, refuseOrphans, commands) => {
        const world = openWorld(rows, refuseOrphans);
        const run: Run = { nowMs: 1, next: 1, holds: [], orders: [] };
        for (const one of commands) {
          try {
            world.state.storage.transactionSync(() => {
              if (!apply(world, run, one).ok) throw "refused";
            });
            done[one.what] = (done[one.what] ?? 0) + 1;
          } catch (thrown) {
            if (thrown !== "refused") throw thrown;
          }
          checkSeats(world.sql, world.map);
          expect(world.sql.exec("SELECT held, sold FROM pools WHERE id = 'event'").toArray()).toEqual([counted(world.sql)]);
        }
      },
    ),
    { numRuns: SEQUENCES },
  );
  // Each of the commands has succeeded, or the rest says little.
  for (const what of [
    "pick",
    "best",
    "change",
    "release",
    "reacquire",
    "claim",
    "confirm",
    "extend",
    "drop",
    "void",
    "block",
    "unblock",
    "swap",
  ])
    expect(done[what], what).toBeGreaterThan(0);
});
