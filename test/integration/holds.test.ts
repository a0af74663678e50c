import { randomUUID } from "node:crypto";
import { beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType, type PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { type Answer, type Client, connect, parse } from "../support/client";
import { createOrganizer, createPublishedEvent, eventually, type Person, registerAndLogin } from "../support/scenes";

const Tickets = z.object({ data: z.array(AvailableTicketType) });

let api: Client;
let owner: Person;
let organizerId: string;

beforeAll(async () => {
  api = connect(inject("origin"));
  owner = await registerAndLogin(api, { name: "Olga Owner" });
  organizerId = (await createOrganizer(owner)).id;
});

const codeOf = (answer: Answer): string => `${answer.status} ${parse(ProblemBody, answer, answer.status).code}`;
const items = (event: PublishedEvent, quantity: number, type = 0) => ({
  items: [{ ticketTypeId: event.ticketTypes[type]?.id ?? "", quantity }],
});
const leftOf = async (event: PublishedEvent): Promise<number[]> =>
  parse(Tickets, await api.get(`/events/${event.id}/tickets`), 200).data.map(({ available }) => available);

test("a guest holds by a secret, a signed-in buyer by himself, and neither the other's", async () => {
  const event = await createPublishedEvent(owner, organizerId);
  const [buyer, other] = [await registerAndLogin(api), await registerAndLogin(api)];
  const path = `/events/${event.id}/holds`;
  const guests = parse(Hold, await api.post(path, items(event, 2)), 201);
  const buyers = parse(Hold, await buyer.api.post(`/v1${path}`, items(event, 3)), 201);
  const guest = api.as({ token: guests.secret });
  expect(parse(Hold, await guest.get(`${path}/${guests.id}`), 200)).toEqual(guests);
  expect(parse(Hold, await buyer.api.get(`${path}/${buyers.id}`), 200)).toEqual(buyers);
  expect(parse(Hold, await api.as({ token: buyers.secret }).get(`${path}/${buyers.id}`), 200)).toEqual(buyers);
  for (const stranger of [guest, other.api, owner.api]) {
    expect(codeOf(await stranger.get(`${path}/${buyers.id}`))).toBe("404 hold_not_found");
    expect(codeOf(await stranger.put(`${path}/${buyers.id}`, items(event, 1)))).toBe("404 hold_not_found");
    expect(codeOf(await stranger.put(`${path}/${buyers.id}`, { items: "all" }))).toBe("404 hold_not_found");
    expect(codeOf(await stranger.delete(`${path}/${buyers.id}`))).toBe("404 hold_not_found");
  }
  expect(codeOf(await api.get(`${path}/${buyers.id}`))).toBe("401 credential_missing");
  expect(await leftOf(event)).toEqual([45]);
  expect(parse(Hold, await guest.put(`${path}/${guests.id}`, items(event, 4)), 200).items[0]?.quantity).toBe(4);
  expect((await guest.delete(`${path}/${guests.id}`)).status).toBe(204);
  expect((await buyer.api.delete(`${path}/${buyers.id}`)).status).toBe(204);
  expect(await leftOf(event)).toEqual([50]);
  // A hold's secret is good for its own hold alone.
  expect(codeOf(await guest.put(`/events/${event.id}`, { title: "Mine" }))).toBe("401 credential_invalid");
});

test("twenty requests at once with one key are one hold", async () => {
  const event = await createPublishedEvent(owner, organizerId);
  const call = { idempotencyKey: randomUUID() };
  const ask = (quantity: number) => api.post(`/events/${event.id}/holds`, items(event, quantity), call);
  const holds = (await Promise.all(Array.from({ length: 20 }, () => ask(2)))).map((answer) => parse(Hold, answer, 201));
  for (const hold of holds) expect(hold).toEqual(holds[0]);
  expect(codeOf(await ask(3))).toBe("422 idempotency_key_reused");
  expect(await leftOf(event)).toEqual([48]);
});

test("two types over a shared capacity of ten sell ten, and read the same", async () => {
  const price = { amount: 100, currency: "EUR" };
  const types = ["A", "B"].map((name) => ({ name, price, quantity: 10 }));
  const event = await createPublishedEvent(owner, organizerId, { capacity: 10, ticketTypes: types });
  expect(await leftOf(event)).toEqual([10, 10]);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => api.post(`/events/${event.id}/holds`, items(event, 1, n % 2))),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expect(parse(ProblemBody, answer, 409)).toMatchObject({ code: "sold_out", available: [{ available: 0 }] });
  }
  expect(await leftOf(event)).toEqual([0, 0]);
});

test("the availability says when it was true", async () => {
  const event = await createPublishedEvent(owner, organizerId);
  const Snapshot = Tickets.extend({ asOf: z.iso.datetime() });
  expect(parse(Snapshot, await api.get(`/events/${event.id}/availability`), 200).data).toMatchObject([{ available: 50 }]);
});

test("a hold is kept for longer up to its cap, and taken again after its end at the price of the day", async () => {
  const settings = { holdSeconds: 2, maxHoldSeconds: 4 };
  const event = await createPublishedEvent(owner, organizerId, { settings });
  expect(event.settings).toMatchObject(settings);
  const path = `/events/${event.id}/holds`;
  const first = parse(Hold, await api.post(path, items(event, 2)), 201);
  const guest = api.as({ token: first.secret });
  expect(Date.parse(first.extendableUntil ?? "") - Date.parse(first.expiresAt)).toBe(2_000);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const extended = parse(Hold, await guest.post(`${path}/${first.id}/extend`), 200);
  expect(Date.parse(extended.expiresAt)).toBeGreaterThan(Date.parse(first.expiresAt));
  expect(extended).toMatchObject({ items: first.items, extendableUntil: first.extendableUntil });
  expect(parse(Hold, await guest.post(`${path}/${first.id}/reacquire`, {}), 200)).toEqual(extended);
  expect(codeOf(await guest.post(`${path}/${first.id}/extend`, { seconds: 60 }))).toBe("400 invalid_body");
  for (const command of ["extend", "reacquire"]) {
    expect(codeOf(await api.post(`${path}/${first.id}/${command}`))).toBe("401 credential_missing");
    expect(codeOf(await owner.api.post(`${path}/${first.id}/${command}`, { no: "form" }))).toBe("404 hold_not_found");
  }

  const dearer = { price: { amount: 2800, currency: "EUR" } };
  expect((await owner.api.put(`/events/${event.id}/ticket-types/${event.ticketTypes[0]?.id}`, dearer)).status).toBe(200);
  await eventually("the hold's end", async () => ((await guest.get(`${path}/${first.id}`)).status === 409 ? true : undefined));
  expect(codeOf(await guest.post(`${path}/${first.id}/extend`))).toBe("409 hold_expired");
  const again = parse(Hold, await guest.post(`${path}/${first.id}/reacquire`), 200);
  expect(again.repriced).toEqual([
    { ticketTypeId: event.ticketTypes[0]?.id, from: { amount: 2500, currency: "EUR" }, to: dearer.price },
  ]);
  expect(again.items).toMatchObject([{ quantity: 2, unitPrice: dearer.price }]);
  expect(await leftOf(event)).toEqual([48]);
  expect((await guest.delete(`${path}/${first.id}`)).status).toBe(204);
  for (const command of ["extend", "reacquire"])
    expect(codeOf(await guest.post(`${path}/${first.id}/${command}`))).toBe("409 hold_released");
});

test("a hold that may be partial takes what there is of each line, and tells what it did not get", async () => {
  const price = { amount: 100, currency: "EUR" };
  const ticketTypes = [
    { name: "A", price, quantity: 3 },
    { name: "B", price, quantity: 5 },
    { name: "C", price, quantity: 1, minPerOrder: 2, maxPerOrder: 4 },
  ];
  const event = await createPublishedEvent(owner, organizerId, { ticketTypes });
  const path = `/events/${event.id}/holds`;
  const [a = "", b = "", c = ""] = event.ticketTypes.map(({ id }) => id);
  const wish = {
    items: [
      { ticketTypeId: a, quantity: 4 },
      { ticketTypeId: b, quantity: 2 },
      { ticketTypeId: c, quantity: 2 },
    ],
  };
  expect(codeOf(await api.post(path, wish))).toBe("409 sold_out");
  const call = { idempotencyKey: randomUUID() };
  const partial = parse(Hold, await api.post(path, { ...wish, partial: true }, call), 201);
  expect(partial.items).toMatchObject([
    { ticketTypeId: a, quantity: 3, asked: 4 },
    { ticketTypeId: b, quantity: 2 },
  ]);
  expect(partial.refused).toEqual([{ ticketTypeId: c, asked: 2, code: "sold_out" }]);
  expect(parse(Hold, await api.post(path, { ...wish, partial: true }, call), 201).items).toEqual(partial.items);
  expect(codeOf(await api.post(path, wish, call))).toBe("422 idempotency_key_reused");
  const guest = api.as({ token: partial.secret });
  const changed = await guest.put(`${path}/${partial.id}`, { items: [{ ticketTypeId: b, quantity: 9 }], partial: true });
  expect(parse(Hold, changed, 200).items).toMatchObject([{ ticketTypeId: b, quantity: 5, asked: 9 }]);
  expect(await leftOf(event)).toEqual([3, 0, 1]);
  expect(codeOf(await api.post(path, { items: [{ ticketTypeId: b, quantity: 1 }], partial: true }))).toBe("409 sold_out");
});
