/** An event is moved, through the whole house: whoever had ordered is told, and his calendar with him. */
import { beforeAll, describe, expect, inject, test } from "vitest";
import { type EventChange, PublishedEvent } from "../../shared/contracts/events";
import { Order, PaymentProcessed, Refund } from "../../shared/contracts/orders";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import { type Client, connect, parse } from "../support/client";
import { bytesOf, fileOf, readCalendar } from "../support/letters";
import { readerOf } from "../support/reader";
import { type Box, freshEmail, mailsTo, openBoxOffice, outbox } from "../support/scenes";

const api = connect(inject("origin"));
/** Told within ten seconds, and so is whoever is told wrongly. */
const TOLD_WITHIN_MS = 10_000;

interface Buyer {
  email: string;
  order: Order;
  guest: Client;
  paymentId: string;
  confirmation: OutboxMessage;
}

async function buy({ event }: Box, language = "en"): Promise<Buyer> {
  const email = freshEmail("mover");
  const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
  const wish = { eventId: event.id, items, buyer: { email, name: "Ada Lovelace" } };
  const order = parse(Order, await api.post("/orders", wish, { headers: { "accept-language": language } }), 201);
  const guest = api.as({ token: order.accessToken ?? "" });
  const payment = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
  const paid = parse(PaymentProcessed, await guest.post("/payments/process", payment), 200);
  const confirmation = await outbox(api, email, ({ data }) => data?.type === "order_confirmation");
  return { email, order, guest, paymentId: paid.payment.id, confirmation };
}

const move = async ({ owner, event }: Box, change: EventChange): Promise<PublishedEvent> =>
  parse(PublishedEvent, await owner.api.put(`/events/${event.id}`, change), 200);
const moveMailsTo = async (email: string) => (await mailsTo(api, email)).filter(({ data }) => data?.type === "event_moved");
const calendarOf = (mail: OutboxMessage) => readCalendar(new TextDecoder().decode(bytesOf(fileOf(mail, ".ics"))));

describe("an event that is moved", () => {
  let box: Box;
  let ada: Buyer;
  let greta: Buyer;
  let refunded: Buyer;
  let moved: PublishedEvent;

  beforeAll(async () => {
    const dates = { startDate: "2032-06-05T17:30:00Z", endDate: "2032-06-05T21:00:00Z" };
    box = await openBoxOffice(api, { title: "Jazz & more", ...dates });
    [ada, greta, refunded] = [await buy(box), await buy(box, "de"), await buy(box)];
    const refund = await box.owner.api.post(`/payments/${refunded.paymentId}/refund`, { reason: "He cannot come." });
    expect(parse(Refund, refund, 201).status).not.toBe("failed");
    // Three edits in a row, the first of which nobody goes by.
    await move(box, { title: "Jazz & much more" });
    await move(box, { startDate: "2032-06-06T17:30:00Z", endDate: "2032-06-06T21:00:00Z" });
    moved = await move(box, { location: { ...box.event.location, venue: "Jazz Barn" } });
  });

  test("is told to each who had ordered in one mail, in his language, with what it was and what it is", async () => {
    const mail = await outbox(api, ada.email, ({ data }) => data?.type === "event_moved");
    expect(mail.subject).toBe("New date and place for Jazz & much more");
    expect(mail.data).toEqual({ type: "event_moved", orderId: ada.order.id });
    expect(mail.text).toContain("Sunday, 6 June 2032, 19:30–23:00 CEST\nJazz Barn, Ring 1, Vienna, AT");
    expect(mail.text).toContain("– Saturday, 5 June 2032, 19:30–23:00 CEST\n– Blue Note, Ring 1, Vienna, AT");
    const german = await outbox(api, greta.email, ({ data }) => data?.type === "event_moved");
    expect(german.subject).toBe("Neuer Termin und neuer Ort für Jazz & much more");
    expect(german.text).toContain("– Samstag, 5. Juni 2032, 19:30–23:00 Uhr MESZ");
  });

  test("moves in the calendar that the confirmation put it into", async () => {
    const mail = await outbox(api, ada.email, ({ data }) => data?.type === "event_moved");
    const [before, after] = [calendarOf(ada.confirmation), calendarOf(mail)];
    expect([after.method, after.event.uid]).toEqual(["PUBLISH", before.event.uid]);
    expect(after.event.sequence).toBeGreaterThan(before.event.sequence);
    expect(after.event.startDate.toJSDate().toISOString()).toBe(moved.startDate);
    expect(after.event.location).toContain("Jazz Barn");
  });

  test("leads to the order's page, which shows it as it is now", async () => {
    const mail = await outbox(api, ada.email, ({ data }) => data?.type === "event_moved");
    const link = new URL(/https?:\S+\/o\/\S+/.exec(mail.text ?? "")?.[0] ?? "");
    const reader = readerOf(api, link.hostname);
    const page = await reader.follow(await reader.get(`${link.pathname}${link.search}`));
    expect(page.status).toBe(200);
    expect(page.text).toContain("Jazz Barn");
    expect(page.text).toContain("Sunday, 6 June 2032");
  });

  test("is no news to who orders then, or has his money back, and another title is news to nobody", async () => {
    const late = await buy(box);
    await move(box, { title: "Jazz" });
    await new Promise((resolve) => setTimeout(resolve, TOLD_WITHIN_MS));
    const told = await Promise.all([ada, greta, late, refunded].map(({ email }) => moveMailsTo(email)));
    expect(told.map(({ length }) => length)).toEqual([1, 1, 0, 0]);
  });
});
