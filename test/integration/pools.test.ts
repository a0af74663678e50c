import { beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType, PublishedEvent, TicketType } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { Pool } from "../../shared/contracts/pools";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { listOf } from "../../shared/http/list";
import { type Answer, type Client, connect, parse } from "../support/client";
import {
  createOrganizer,
  createPublishedEvent,
  draftEvent,
  eventually,
  freshEmail,
  outbox,
  type Person,
  registerAndLogin,
} from "../support/scenes";

const Tickets = z.object({ data: z.array(AvailableTicketType) });
const Pools = listOf(Pool);
const price = { amount: 1500, currency: "EUR" };

let api: Client;
let owner: Person;
let organizerId: string;

beforeAll(async () => {
  api = connect(inject("origin"));
  owner = await registerAndLogin(api, { name: "Olga Owner" });
  organizerId = (await createOrganizer(owner)).id;
});

const codeOf = (answer: Answer): string => `${answer.status} ${parse(ProblemBody, answer, answer.status).code}`;
const typeId = (event: PublishedEvent, type: number): string => event.ticketTypes[type]?.id ?? "";
const items = (event: PublishedEvent, quantity: number, type = 0) => ({
  items: [{ ticketTypeId: typeId(event, type), quantity }],
});
const hold = (event: PublishedEvent, quantity: number, type = 0) =>
  api.post(`/events/${event.id}/holds`, items(event, quantity, type));
const leftOf = async (event: PublishedEvent): Promise<number[]> =>
  parse(Tickets, await api.get(`/events/${event.id}/tickets`), 200).data.map(({ available }) => available);
const order = (who: Client, event: PublishedEvent, quantity: number, email: string, type = 0) =>
  who.post("/orders", { eventId: event.id, ...items(event, quantity, type), buyer: { email, name: "Greta Guest" } });
const pay = (placed: Order, fingerprint: string) =>
  api.as({ token: placed.accessToken ?? "" }).post("/payments/process", {
    orderId: placed.id,
    provider: "test",
    paymentMethod: { token: "tok_success", fingerprint },
  });

test("press tickets are kept back on sale, sold to the press, and what is left of them is given to everybody", async () => {
  const ticketTypes = ["Floor", "Press"].map((name) => ({ name, price, quantity: 20 }));
  const draft = parse(
    PublishedEvent,
    await owner.api.post("/events", draftEvent(organizerId, { capacity: 20, ticketTypes })),
    201,
  );
  const path = `/events/${draft.id}/pools`;
  const press = parse(Pool, await owner.api.post(`/v1${path}`, { name: "Press", kind: "allocation", capacity: 5 }), 201);
  expect(press).toMatchObject({ withinPoolIds: [draft.id], available: 5 });
  const changed = await owner.api.put(`/events/${draft.id}/ticket-types/${typeId(draft, 1)}`, { poolIds: [press.id] });
  expect(parse(TicketType, changed, 200).poolIds).toEqual([press.id]);
  const event = parse(PublishedEvent, await owner.api.post(`/events/${draft.id}/publish`), 200);
  expect(await leftOf(event)).toEqual([15, 5]);

  const answers = await Promise.all(Array.from({ length: 20 }, () => hold(event, 1)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(15);
  const paper = freshEmail("paper");
  const placed = parse(Order, await order(api, event, 2, paper, 1), 201);
  expect(parse(PaymentProcessed, await pay(placed, "the paper's card"), 200).order.status).toBe("paid");
  expect(await leftOf(event)).toEqual([0, 3]);
  const numbers = parse(Pools, await owner.api.get(path), 200).data;
  expect(numbers.map(({ name, capacity, sold, held, blocked }) => [name, capacity, sold, held, blocked])).toEqual([
    [event.title, 20, 2, 15, 3],
    ["Floor", 20, 0, 15, 0],
    ["Press", 20, 2, 0, 0],
    ["Press", 5, 2, 0, 0],
  ]);

  const tooMuch = await owner.api.post(`${path}/${press.id}/move`, { toPoolId: event.id, quantity: 4 });
  expect(parse(ProblemBody, tooMuch, 409)).toMatchObject({ code: "capacity_below_sold", capacity: 1, sold: 2, held: 0 });
  const released = await owner.api.post(`${path}/${press.id}/move`, { toPoolId: event.id, quantity: 3 });
  expect(parse(Pool, released, 200)).toMatchObject({ capacity: 2, sold: 2, available: 0 });
  expect(await leftOf(event)).toEqual([3, 0]);
  expect((await hold(event, 3)).status).toBe(201);
  expect(codeOf(await hold(event, 1))).toBe("409 sold_out");
  const lowered = await owner.api.put(`/events/${event.id}`, { capacity: 19 });
  expect(parse(ProblemBody, lowered, 409)).toMatchObject({
    code: "capacity_below_sold",
    capacity: 19,
    sold: 2,
    held: 18,
    blocked: 0,
  });

  const stranger = await registerAndLogin(api);
  for (const [method, to, body] of [
    ["GET", path, undefined],
    ["POST", path, {}],
    ["PUT", `${path}/${press.id}`, {}],
    ["DELETE", `${path}/${press.id}`, undefined],
    ["POST", `${path}/${press.id}/move`, {}],
  ] as const) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    expect(codeOf(await api.send(method, to, text)), `${method} ${to}`).toBe("401 credential_missing");
    expect(codeOf(await stranger.api.send(method, to, text)), `${method} ${to}`).toBe("403 forbidden");
  }
});

test("the next tier opens when the one before it is sold out, and is found so everywhere", async () => {
  const ticketTypes = ["Early", "Regular"].map((name, index) => ({
    name,
    price: { ...price, amount: 1000 + index },
    quantity: 3,
  }));
  const draft = parse(PublishedEvent, await owner.api.post("/events", draftEvent(organizerId, { ticketTypes })), 201);
  const opensAfter = { opensAfterTicketTypeId: typeId(draft, 0) };
  parse(TicketType, await owner.api.put(`/events/${draft.id}/ticket-types/${typeId(draft, 1)}`, opensAfter), 200);
  const event = parse(PublishedEvent, await owner.api.post(`/events/${draft.id}/publish`), 200);
  expect(event.ticketTypes[1]).toMatchObject(opensAfter);
  const states = async () => parse(Tickets, await api.get(`/events/${event.id}/tickets`), 200).data.map(({ status }) => status);
  expect(await states()).toEqual(["on_sale", "scheduled"]);
  expect(codeOf(await hold(event, 1, 1))).toBe("409 ticket_type_not_on_sale");
  const last = parse(Hold, await hold(event, 3), 201);
  expect(await states()).toEqual(["sold_out", "on_sale"]);
  expect((await api.as({ token: last.secret }).delete(`/events/${event.id}/holds/${last.id}`)).status).toBe(204);
  expect(await states()).toEqual(["on_sale", "on_sale"]);
  expect((await hold(event, 2, 1)).status).toBe(201);
  await eventually("the event with its tiers among those that are found", async () => {
    const found = await api.get(`/events/search?q=${encodeURIComponent(event.title)}&limit=100`);
    return found.text.includes(event.id) ? true : undefined;
  });
});

test("a person has so many tickets, by the address that he proved and by his card, and is paid back what is beyond", async () => {
  const event = await createPublishedEvent(owner, organizerId, { settings: { maxPerPerson: 3 } });
  const buyer = await registerAndLogin(api);
  expect((await order(buyer.api, event, 2, freshEmail("another"))).status).toBe(201);
  expect(codeOf(await order(buyer.api, event, 2, freshEmail("yet-another")))).toBe("409 person_limit");
  expect(codeOf(await order(api, event, 2, buyer.email.toUpperCase()))).toBe("409 person_limit");

  const greta = parse(Order, await order(api, event, 3, freshEmail("greta")), 201);
  expect((await pay(greta, "one card")).status).toBe(200);
  const email = freshEmail("greta-again");
  const again = parse(Order, await order(api, event, 3, email), 201);
  expect(codeOf(await pay(again, "one card"))).toBe("409 person_limit");
  const guest = api.as({ token: again.accessToken ?? "" });
  await eventually("the money back", async () =>
    parse(Order, await guest.get(`/orders/${again.id}`), 200).status === "refunded" ? true : undefined,
  );
  const mail = await outbox(api, email, ({ data }) => data?.refundId !== undefined);
  expect(mail.text).toContain("as many tickets");
  expect(await leftOf(event)).toEqual([50 - 2 - 3]);
});
