/** The race that Bilten exists for, through the whole stack, and its control: the shipped events Worker without its one guarding CHECK. */
import { afterAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { AvailableTicketType, Ticket } from "../../shared/contracts/events";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { buildWorker, removeBuild } from "../support/altered-worker";
import { type Client, connect, parse } from "../support/client";
import { type House, startHouse } from "../support/harness";
import { openBoxOffice } from "../support/scenes";

const BUYERS = 200;
const TICKETS = 50;
/** What SQLite is told in `durable-objects/ticket-inventory/migrations.ts`. */
const GUARD = "CONSTRAINT room_left CHECK (sold + held + blocked <= capacity)";

const Tickets = z.object({ data: z.array(Ticket) });
const Availability = z.object({ data: z.array(AvailableTicketType) });

interface Outcome {
  paid: number;
  soldOut: number;
  ticketIds: Set<string>;
  available: number;
}

/** Everybody orders one at once and pays as soon as he may. */
async function rush(api: Client): Promise<Outcome> {
  const { event } = await openBoxOffice(api, {
    capacity: TICKETS,
    ticketTypes: [{ name: "Last", price: { amount: 2500, currency: "EUR" }, quantity: TICKETS }],
  });
  const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
  const buy = async (number: number): Promise<string[]> => {
    const buyer = { email: `buyer-${number}@people.example`, name: `Buyer ${number}` };
    const placed = await api.post("/orders", { eventId: event.id, items, buyer });
    if (placed.status === 409) {
      expect(parse(ProblemBody, placed, 409).code).toBe("sold_out");
      return [];
    }
    const order = parse(Order, placed, 201);
    const guest = api.as({ token: order.accessToken ?? "" });
    const body = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
    expect(parse(PaymentProcessed, await guest.post("/payments/process", body), 200).order.status).toBe("paid");
    return parse(Tickets, await guest.get(`/orders/${order.id}/tickets`), 200).data.map(({ id }) => id);
  };
  const bought = await Promise.all(Array.from({ length: BUYERS }, (_, number) => buy(number)));
  const paid = bought.filter((ids) => ids.length > 0);
  const { data } = parse(Availability, await api.get(`/events/${event.id}/tickets`), 200);
  return {
    paid: paid.length,
    soldOut: bought.length - paid.length,
    ticketIds: new Set(paid.flat()),
    available: data[0]?.available ?? -1,
  };
}

describe("two hundred buyers at once for the last fifty tickets", () => {
  let altered: { house: House; folder: string } | undefined;

  afterAll(async () => {
    if (!altered) return;
    await altered.house.stop();
    await removeBuild(altered.folder);
  });

  it("are fifty who have one each, and 150 who hear that it is sold out", async () => {
    const { paid, soldOut, ticketIds, available } = await rush(connect(inject("origin")));
    expect({ paid, soldOut, tickets: ticketIds.size, available }).toEqual({ paid: 50, soldOut: 150, tickets: 50, available: 0 });
  });

  it("would be more than fifty without the CHECK of a pool's room", { timeout: 120_000 }, async () => {
    const folder = await buildWorker("events", { find: GUARD, replace: "CONSTRAINT room_left CHECK (1)" });
    altered = { house: await startHouse({ prebuilt: { events: folder } }), folder };
    const { paid } = await rush(connect(altered.house.origin));
    expect(paid).toBeGreaterThan(TICKETS);
  });
});
