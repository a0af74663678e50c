/** An object with the shipped inventory's tables and functions, that measures itself: what a hold of seats costs inside. */
import { DurableObject } from "cloudflare:workers";
import { openEvent, readTerms, type Terms } from "../../durable-objects/ticket-inventory/event";
import { expireDue } from "../../durable-objects/ticket-inventory/expiry";
import { placeHold } from "../../durable-objects/ticket-inventory/holds";
import { INVENTORY_SCHEMA } from "../../durable-objects/ticket-inventory/migrations";
import { installSeats } from "../../durable-objects/ticket-inventory/seat-map";
import { blockSeats, tellStates } from "../../durable-objects/ticket-inventory/seats";
import type { HoldRequest, InventoryConfig, Line } from "../../shared/contracts/inventory";
import { migrateSchema } from "../../shared/durable/migrations";
import { compileSeatMap, partsOf } from "../../workers/events/seat-map-compile";
import { arenaMap } from "../support/seat-maps";

const TYPE_ID = "all";
const SEATS_PER_BLOCK = 1_000;

/** Carries a measured answer out of a transaction that is undone. */
class Undone {}

function configOf(seatMapId: string, seats: number): InventoryConfig {
  const type = {
    id: TYPE_ID,
    name: "All",
    description: null,
    poolIds: [TYPE_ID],
    quantity: seats,
    unitPriceMinor: 2500,
    minPerOrder: 1,
    maxPerOrder: 20,
    saleStartMs: null,
    saleEndMs: null,
    opensAfterTicketTypeId: null,
    maxPerPerson: null,
    seatCategories: ["front", "middle", "back"],
  };
  return {
    eventId: "bench",
    organizerId: "bench",
    version: 1,
    changeId: "first",
    isPublic: true,
    currency: "EUR",
    endMs: Date.now() + 86_400_000,
    holdMs: 600_000,
    holdCapMs: 1_800_000,
    maxPerPerson: null,
    seatMapId,
    refuseOrphanSeats: false,
    allowWaitlist: false,
    offerMs: 86_400_000,
    maxPerAddress: null,
    unpaidOrdersPerPerson: null,
    anonymousShare: null,
    pools: [{ id: TYPE_ID, capacity: seats, withinPoolIds: [] }],
    ticketTypes: [type],
  };
}

export class SeatBench extends DurableObject {
  readonly #sql: SqlStorage = this.ctx.storage.sql;

  /** Milliseconds that each part of the map took, and how many seats there are. */
  install(sections: number): { partsMs: number[]; seats: number; bytes: number } {
    const compiled = compileSeatMap("arena", arenaMap({ sections }));
    if (!compiled.ok) throw new Error("the arena does not compile");
    migrateSchema(this.ctx.storage, INVENTORY_SCHEMA);
    const partsMs = partsOf(compiled.value).map((part) =>
      timed(() => this.ctx.storage.transactionSync(() => installSeats(this.#sql, part))),
    );
    const seats = compiled.value.segments.reduce((sum, segment) => sum + segment.seats.length, 0);
    const opened = this.ctx.storage.transactionSync(() => openEvent(this.#sql, configOf("arena", seats), Date.now()));
    if (!opened.ok) throw new Error(`not opened: ${opened.error.code}`);
    return { partsMs, seats, bytes: this.#sql.databaseSize };
  }

  /** All but a share of the seats are gone: here and there, or the best first in parties of one to six. */
  fill(share: number, how: "anywhere" | "best"): void {
    const seatIds = this.#sql
      .exec<{ id: string }>("SELECT id FROM seats ORDER BY id")
      .toArray()
      .map(({ id }) => id);
    const wanted = Math.floor(seatIds.length * share);
    const random = mulberry(7);
    if (how === "anywhere") {
      for (let at = seatIds.length - 1; at > 0; at--) {
        const other = Math.floor(random() * (at + 1));
        [seatIds[at], seatIds[other]] = [seatIds[other] ?? "", seatIds[at] ?? ""];
      }
      for (let first = 0; first < wanted; first += SEATS_PER_BLOCK)
        this.ctx.storage.transactionSync(() =>
          blockSeats(this.#sql, seatIds.slice(first, Math.min(wanted, first + SEATS_PER_BLOCK)), null),
        );
      return;
    }
    const terms = this.#terms();
    let taken = 0;
    while (taken < wanted)
      this.ctx.storage.transactionSync(() => {
        for (let hold = 0; hold < 100 && taken < wanted; hold++) {
          const quantity = 1 + Math.floor(random() * 6);
          if (placeHold(this.#sql, terms, best(quantity), Date.now()).ok) taken += quantity;
        }
      });
  }

  /** Milliseconds of each: the whole command with its writes, undone after. */
  hold(quantity: number, times: number): { ms: number[]; parts: number[] } {
    const terms = this.#terms();
    const parts: number[] = [];
    const ms = Array.from({ length: times }, () =>
      timed(() => {
        try {
          this.ctx.storage.transactionSync(() => {
            const held = placeHold(this.#sql, terms, best(quantity), Date.now());
            if (!held.ok) throw new Error(`refused: ${held.error.code}`);
            parts.push(
              new Set(held.value.lines.flatMap(({ seats = [] }) => seats.map(({ label }) => label.replace(/ [^ ]*$/, "")))).size,
            );
            throw new Undone();
          });
        } catch (error) {
          if (!(error instanceof Undone)) throw error;
        }
      }),
    );
    return { ms, parts };
  }

  /** Milliseconds to place holds of the best seats one after the other, kept, and then to end them all. */
  rush(holds: number, quantity: number): { placeMs: number[]; expireMs: number; ended: number } {
    const terms = this.#terms();
    const placeMs = Array.from({ length: holds }, () =>
      timed(() => this.ctx.storage.transactionSync(() => placeHold(this.#sql, terms, best(quantity), Date.now()))),
    );
    let ended = 0;
    const later = Date.now() + terms.holdMs;
    const expireMs = timed(() => {
      ended = this.ctx.storage.transactionSync(() => expireDue(this.#sql, terms, later, holds));
    });
    return { placeMs, expireMs, ended };
  }

  states(): { ms: number; letters: number } {
    let letters = 0;
    const ms = timed(() => {
      letters = tellStates(this.#sql, this.#terms(), Date.now())?.states.join("").length ?? 0;
    });
    return { ms, letters };
  }

  #terms(): Terms {
    const terms = readTerms(this.#sql);
    if (terms === null) throw new Error("the event is not open");
    return terms;
  }
}

function timed(work: () => unknown): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

function best(quantity: number): HoldRequest {
  const items: Line[] = [{ ticketTypeId: TYPE_ID, quantity, bestAvailable: true }];
  return {
    holdId: crypto.randomUUID(),
    keyed: false,
    requestHash: "bench",
    holder: { kind: "user", key: crypto.randomUUID() },
    items,
    insider: false,
  };
}

/** The same numbers in every run. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Environment {
  BENCH: DurableObjectNamespace<SeatBench>;
}

export default {
  /** `/<object>/<method>` with its arguments as a JSON list. */
  async fetch(request: Request, env: Environment): Promise<Response> {
    const [, name = "", method = ""] = new URL(request.url).pathname.split("/");
    const stub = env.BENCH.get(env.BENCH.idFromName(name));
    const asked: unknown = await request.json();
    const [first, second] = Array.isArray(asked) ? asked : [];
    switch (method) {
      case "install":
        return Response.json(await stub.install(Number(first)));
      case "fill":
        await stub.fill(Number(first), second === "best" ? "best" : "anywhere");
        return Response.json({});
      case "hold":
        return Response.json(await stub.hold(Number(first), Number(second)));
      case "rush":
        return Response.json(await stub.rush(Number(first), Number(second)));
      default:
        return Response.json(await stub.states());
    }
  },
};
