/** Where a buyer is led who goes back, waits too long, comes by an old link, or sends what cannot be. */
import { beforeAll, describe, expect, inject, test } from "vitest";
import { Order } from "../../shared/contracts/orders";
import { guestOrderLink } from "../../shared/http/guest-links";
import { connect, parse } from "../support/client";
import { formOf, type Reader, readerOf } from "../support/reader";
import { type Box, createPublishedEvent, eventually, openBoxOffice } from "../support/scenes";

const api = connect(inject("origin"));
const BUYER = { name: "Greta Guest", email: "greta@people.example" };
const CHECKOUT = /^\/c\/[^/]+\/[^/]+$/;
let box: Box;
let host: string;
let typeId: string;

beforeAll(async () => {
  box = await openBoxOffice(api);
  host = `${box.organizer.slug}.localhost`;
  typeId = box.event.ticketTypes[0]?.id ?? "";
});

const twoTickets = (quantity = 2) =>
  createPublishedEvent(box.owner, box.organizer.id, {
    title: "The last two",
    ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity }],
  });

async function reserve(reader: Reader, event: Box["event"], quantity = 2) {
  const page = await reader.get(`/e/${event.id}`);
  const chosen = { [`q-${event.ticketTypes[0]?.id}`]: String(quantity) };
  return reader.follow(await reader.post(formOf(page, /^\/e\//), chosen));
}

const forgetSecrets = (reader: Reader) => {
  for (const key of reader.cookies.keys()) if (key.includes("secret")) reader.cookies.delete(key);
};

describe("a reservation", () => {
  test("of the last tickets is found again on the event's page, until it is over", async () => {
    const event = await twoTickets();
    const reader = readerOf(api, host);
    const checkout = await reserve(reader, event);
    const form = formOf(checkout, CHECKOUT);
    const back = await reader.get(`/e/${event.id}/the-last-two`);
    expect(back.text).toContain("All tickets are sold out.");
    expect(back.text).toContain(`<a href="${form.action}">Continue with your reservation</a>`);
    expect((await readerOf(api, host).get(`/e/${event.id}`)).text).not.toContain("Continue with");
    // An order that waits to be paid keeps them too, and one that is over does not.
    const order = await reader.follow(await reader.post(form, BUYER));
    expect((await reader.get(`/e/${event.id}`)).text).toContain("Continue with your reservation");
    await reader.follow(await reader.post(formOf(order, /\/cancel$/)));
    expect((await reader.get(`/e/${event.id}`)).text).not.toContain("Continue with");
  });

  test("whose key a browser has forgotten is over, and what was typed gets the same tickets again", async () => {
    const reader = readerOf(api, host);
    const form = formOf(await reserve(reader, box.event), CHECKOUT);
    forgetSecrets(reader);
    const gone = await reader.get(form.action);
    expect(gone.status).toBe(410);
    expect(gone.text).toContain("Choose tickets anew");
    const again = await reader.post(form, { ...BUYER, "attendee-2": "Zoë" });
    expect(again.status).toBe(410);
    for (const kept of [BUYER.name, BUYER.email, "Zoë"]) expect(again.text).toContain(`value="${kept}"`);
    const ordered = await reader.follow(await reader.post(formOf(again, CHECKOUT)));
    expect(ordered.text).toContain("Pay now");
    const nothing = Object.fromEntries(Object.entries(form.fields).filter(([name]) => !name.startsWith("item-")));
    const stranger = await readerOf(api, host).post({ action: form.action, fields: nothing }, BUYER);
    expect([stranger.status, stranger.text.includes("Choose tickets anew")]).toEqual([410, true]);
  });

  test("that cannot be had again names the type that is short, and offers the rest with all that was typed", async () => {
    const event = await twoTickets(3);
    const reader = readerOf(api, host);
    const form = formOf(await reserve(reader, event), CHECKOUT);
    forgetSecrets(reader);
    const again = await reader.post(form, BUYER);
    const short = await reader.post(formOf(again, CHECKOUT));
    expect(short.status).toBe(409);
    expect(short.text).toContain("Standing: only 1 left.");
    expect(short.text).toContain(`value="${BUYER.email}"`);
    const rest = formOf(short, CHECKOUT);
    expect(rest.fields[`item-${event.ticketTypes[0]?.id}`]).toBe("1");
    expect((await reader.follow(await reader.post(rest))).text).toContain("Pay now");
    // Now there is nothing left of it.
    const none = await reader.post(formOf(again, CHECKOUT), { key: crypto.randomUUID() });
    expect([none.status, none.text.includes("Sold out")]).toEqual([409, true]);
  });
});

describe("an order's link", () => {
  test("with a key that opens nothing leaves the good one in the browser", async () => {
    const placed = { eventId: box.event.id, items: [{ ticketTypeId: typeId, quantity: 1 }], buyer: BUYER };
    const { id, accessToken = "" } = parse(Order, await api.post("/orders", placed), 201);
    const reader = readerOf(api, host);
    const open = async (token: string) => {
      const { pathname, search } = new URL(guestOrderLink(`http://${host}`, id, token));
      return reader.follow(await reader.get(`${pathname}${search}`));
    };
    expect((await open(accessToken)).text).toContain("Greta Guest");
    for (const wrong of ["bo_wrong", accessToken.replace(/.{3}$/, "xxx"), "nonsense"])
      expect((await open(wrong)).text, wrong).toContain("Greta Guest");
    expect((await reader.get(`/o/${id}`)).status).toBe(200);
  });
});

describe("what a person meets", () => {
  const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const basic = `Basic ${btoa("ada:lovelace")}`;

  test("is a page with a way on, and a program's problem stays one", async () => {
    const reader = readerOf(api, host);
    const event = `/e/${box.event.id}`;
    const met: [string, Awaited<ReturnType<Reader["get"]>>, number, string][] = [
      ["POST /", await reader.post({ action: "/", fields: {} }), 405, "cannot be opened that way"],
      ["POST /nope", await reader.post({ action: "/nope", fields: {} }), 404, "There is no such page"],
      ["2 MB", await reader.post({ action: event, fields: { name: "x".repeat(2_000_000) } }), 413, "Shorten it"],
      ["Basic", await reader.get("/", { ...browser, authorization: basic }), 401, "cannot be opened that way"],
    ];
    for (const [name, { status, headers, text }, wanted, said] of met) {
      expect([name, status, headers.get("content-type")]).toEqual([name, wanted, "text/html; charset=utf-8"]);
      expect(text, name).toContain(said);
      expect(text, name).toContain('class="button"');
    }
    expect(met[0]?.[1].headers.get("allow")).toBe("GET, HEAD");
    const program = await api.post("/", {}, { host });
    expect([program.status, program.headers.get("content-type")]).toEqual([405, "application/problem+json"]);
  });

  test("leads on where a form's address was asked for", async () => {
    const reader = readerOf(api, host);
    const [orderId, holdId] = [crypto.randomUUID(), crypto.randomUUID()];
    expect((await reader.get(`/o/${orderId}/cancel`)).headers.get("location")).toBe(`/o/${orderId}`);
    const checkout = `/c/${box.event.id}/${holdId}`;
    expect((await reader.get(`${checkout}/release`)).headers.get("location")).toBe(checkout);
  });
});

test("an event that is made private after the sale keeps its date for those who bought", async () => {
  const event = await twoTickets(5);
  const placed = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
  const { id, accessToken = "" } = parse(Order, await api.post("/orders", placed), 201);
  const paying = { orderId: id, provider: "test", paymentMethod: { token: "tok_success" } };
  expect((await api.post("/payments/process", paying, { token: accessToken })).status).toBe(200);
  expect((await box.owner.api.put(`/events/${event.id}`, { settings: { isPublic: false } })).status).toBe(200);
  const reader = readerOf(api, host);
  const { pathname, search } = new URL(guestOrderLink(`http://${host}`, id, accessToken));
  const shown = await eventually("a page without the event's link", async () => {
    const page = await reader.follow(await reader.get(`${pathname}${search}`));
    return page.text.includes(`/e/${event.id}`) ? undefined : page;
  });
  expect(shown.text).toContain(`href="/o/${id}/event.ics"`);
  const file = await reader.get(`/o/${id}/event.ics`);
  expect([file.status, file.text.includes(`UID:${event.id}`)]).toEqual([200, true]);
  expect((await readerOf(api, host).get(`/o/${id}/event.ics`)).status).toBe(404);
});
