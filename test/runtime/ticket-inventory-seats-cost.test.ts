/** Rows that each command reads and writes, as the platform counts them (and bills them): what they are on a map, and on a larger one. */
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import type { TicketInventory } from "../../durable-objects/ticket-inventory";
import { confirmRequest, granted, refusalOf, someId } from "../support/inventory";
import { arenaMap } from "../support/seat-maps";
import { askBest, askSeats, compiled, openSeated, type SeatedEvent, seatedType } from "../support/seated";
import { smallMap } from "../support/small-seat-maps";

afterEach(() => reset());

const SEATS_PER_BLOCK = 1_000;
const [SMALL, LARGE] = [3, 18];
const TIMEOUT_MS = 60_000;

interface Rows {
  read: number;
  written: number;
  statements: number;
}

const openArena = (sections: number) =>
  openSeated([seatedType(["front", "middle", "back"])], {}, compiled(arenaMap({ sections })));

/** Of every statement that the object runs meanwhile. */
async function countRows<T>({ inventory }: SeatedEvent, work: (object: TicketInventory) => Promise<T>): Promise<Rows> {
  return runInDurableObject<TicketInventory, Rows>(inventory, async (object, { storage }) => {
    const { exec } = storage.sql;
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    storage.sql.exec = ((query: string, ...values: unknown[]) => {
      const cursor = exec.call(storage.sql, query, ...values);
      cursors.push(cursor);
      return cursor;
    }) as typeof exec;
    try {
      await work(object);
    } finally {
      storage.sql.exec = exec;
    }
    return {
      read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
      written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
      statements: cursors.length,
    };
  });
}

/** From a place for four to their tickets, those void again, and seats kept back and released. */
async function lifeOf(event: SeatedEvent): Promise<Record<string, Rows>> {
  const { config } = event;
  const typeId = config.ticketTypes[0]?.id ?? "";
  const asked = askBest(typeId, 4);
  const orderId = someId();
  const picked = askSeats(typeId, "s1-r9-1", "s1-r9-2");
  const moved = { ticketTypeId: typeId, quantity: 2, seatIds: ["s1-r9-2", "s1-r9-3"] };
  return {
    best: await countRows(event, async (object) => granted(await object.placeHold(asked))),
    picked: await countRows(event, async (object) => granted(await object.placeHold(picked))),
    change: await countRows(event, async (object) => granted(await object.changeHold(picked.holdId, [moved]))),
    release: await countRows(event, async (object) => granted(await object.releaseHold(picked.holdId))),
    claim: await countRows(event, async (object) => granted(await object.claim({ ...asked, orderId, items: null }))),
    confirm: await countRows(event, async (object) => granted(await object.confirm(confirmRequest(config.eventId, orderId)))),
    void: await countRows(event, async (object) => granted(await object.voidTickets(orderId, null))),
    block: await countRows(event, async (object) => granted(await object.blockSeats(["s1-r8-1"], null))),
    unblock: await countRows(event, async (object) => granted(await object.releaseSeats(["s1-r8-1"]))),
  };
}

test("no command on seats reads or writes more on a map six times as large", async () => {
  const [few, many] = [await lifeOf(await openArena(SMALL)), await lifeOf(await openArena(LARGE))];
  for (const [what, { read, written }] of Object.entries(few)) {
    expect(read, what).toBeGreaterThan(0);
    expect(many[what]?.read, what).toBeLessThanOrEqual(read * 1.1);
    expect(many[what]?.written, what).toBeLessThanOrEqual(written * 1.1);
  }
});

test("nor where no two free seats are neighbours any more", { timeout: TIMEOUT_MS }, async () => {
  const fragmented = async (sections: number) => {
    const event = await openArena(sections);
    const seatIds = event.map.segments.flatMap(({ seats }) => seats.map(({ id }) => id));
    const gone = seatIds.filter((_, index) => index % 20 !== 7);
    for (let first = 0; first < gone.length; first += SEATS_PER_BLOCK)
      granted(await event.inventory.blockSeats(gone.slice(first, first + SEATS_PER_BLOCK), null));
    const typeId = event.config.ticketTypes[0]?.id ?? "";
    return countRows(event, async (object) => granted(await object.placeHold(askBest(typeId, 4))));
  };
  const [few, many] = [await fragmented(SMALL), await fragmented(LARGE)];
  expect(many.read).toBeLessThanOrEqual(few.read * 1.1);
  expect(many.written).toBeLessThanOrEqual(few.written * 1.1);
});

test("nor a refusal that says why, however many tables there are", async () => {
  const refusal = async (tables: number) => {
    const rows = Array.from({ length: tables }, (_, number) => ({
      section: number % 2,
      category: 0,
      table: true,
      kinds: [..."oooo"],
    }));
    const seat = seatedType(["c0"]);
    const event = await openSeated([seat], {}, smallMap(rows, someId()));
    const refused = async (wish: Parameters<typeof askBest>[2]) =>
      countRows(event, async (object) => {
        const { members } = refusalOf(await object.placeHold(askBest(seat.id, 3, wish)));
        expect(members?.reason).toBe("whole_tables");
      });
    return [await refused({}), await refused({ sectionIds: ["s1"] })];
  };
  const [few, many] = [await refusal(20), await refusal(400)];
  for (const [index, { read }] of few.entries()) expect(many[index]?.read).toBeLessThanOrEqual(read * 1.1);
});

test("nor does the release of many companions' seats take more statements than that of one", async () => {
  const release = async (count: number) => {
    const rows = Array.from({ length: count }, () => ({ section: 0, category: 0, table: false, kinds: [..."oaco"] }));
    const event = await openSeated([seatedType(["c0"])], {}, smallMap(rows, someId()));
    const seatIds = rows.map((_, number) => `${number}-2`);
    return countRows(event, async (object) =>
      expect(granted(await object.releaseSeats(seatIds, true))).toEqual({ changed: count }),
    );
  };
  expect((await release(40)).statements).toBe((await release(1)).statements);
});
