/** Where a buyer is led who goes back, waits too long, comes by an old link, or sends what cannot be. */
import { beforeAll, describe, expect, inject, test } from "vitest";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
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
    expect(back.text).toContain("You have tickets reserved here until");
    expect(back.text).toContain("None right now · 2 reserved for you");
    expect(back.text).toContain(`<a href="${form.action}">Continue with your reservation</a>`);
    const others = (await readerOf(api, host).get(`/e/${event.id}`)).text;
    expect(others).not.toContain("Continue with");
    expect(others).toContain("All tickets are reserved at the moment. Some may come back in a few minutes.");
    expect((await readerOf(api, host).get("/")).text).toContain("All reserved at the moment");
    // An order that waits to be paid keeps them too, and one that is over does not.
    const order = await reader.follow(await reader.post(form, BUYER));
    expect((await reader.get(`/e/${event.id}`)).text).toContain("Continue with your reservation");
    await reader.follow(await reader.post(formOf(order, /\/cancel$/)));
    expect((await reader.get(`/e/${event.id}`)).text).not.toContain("Continue with");
  });

  test("gives way to another choice on the event's page, which has the same end", async () => {
    const event = await twoTickets(5);
    const [type] = event.ticketTypes;
    const reader = readerOf(api, host);
    const path = formOf(await reserve(reader, event, 3), CHECKOUT).action;
    const chosen = async (quantity: string) => {
      const form = formOf(await reader.get(`/e/${event.id}`), /^\/e\//);
      return reader.post(form, { [`q-${type?.id}`]: quantity });
    };
    const left = async () => />(\d+) left/.exec((await readerOf(api, host).get(`/e/${event.id}`)).text)?.[1];
    expect(await left()).toBe("2");
    const changed = await chosen("4");
    expect(changed.headers.get("location")).toBe(path);
    expect((await reader.follow(changed)).text).toContain("4 × ");
    expect(await left()).toBe("1");
    // One more than there are leaves it as it is.
    expect((await chosen("6")).status).toBe(422);
    expect(await left()).toBe("1");
    expect((await chosen("1")).headers.get("location")).toBe(path);
    expect(await left()).toBe("4");
    // An order's tickets are the order's: another choice is another one's.
    await reader.post(formOf(await reader.get(path), CHECKOUT), BUYER);
    expect((await chosen("1")).headers.get("location")).not.toBe(path);
    expect(await left()).toBe("3");
  });

  test("that an order has leads to it, also where its form is sent again with faults in it", async () => {
    const reader = readerOf(api, host);
    const form = formOf(await reserve(reader, box.event), CHECKOUT);
    expect((await reader.post(form, { name: "", email: "" })).status).toBe(422);
    const order = (await reader.post(form, BUYER)).headers.get("location");
    expect(order).toMatch(/^\/o\//);
    const again = await reader.post(form, { name: "", email: "" });
    expect([again.status, again.headers.get("location")]).toEqual([303, order]);
  });

  test("that is given back says so on the event's page", async () => {
    const reader = readerOf(api, host);
    const checkout = await reserve(reader, box.event);
    const page = await reader.follow(await reader.post(formOf(checkout, /\/release$/)));
    expect(page.text).toContain("Your tickets are given back.");
    expect(page.text).not.toContain("Continue with");
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
    // Now there is nothing left of it, but what others have not paid for yet.
    const none = await readerOf(api, host).post(formOf(again, CHECKOUT), { key: crypto.randomUUID() });
    expect([none.status, none.text.includes("reserved at the moment")]).toEqual([409, true]);
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

  test("where no page is leads to the API's, or says so, and a tab has a picture", async () => {
    const headers = browser;
    const front = await api.get("/", { headers });
    expect([front.status, front.text.includes('href="/docs"')]).toEqual([200, true]);
    expect((await api.get("/", { headers: { accept: "application/json" } })).status).toBe(404);
    const nobody = await api.get("/", { host: "nobody-here.localhost", headers });
    expect([nobody.status, nobody.text.includes("There is no shop at this address")]).toEqual([404, true]);
    const icon = await readerOf(api, host).get("/favicon.ico");
    expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
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

test("money that went back stands on the order's page, with the tickets that it took", async () => {
  const event = await twoTickets(3);
  const placed = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 2 }], buyer: BUYER };
  const { id, accessToken = "" } = parse(Order, await api.post("/orders", placed), 201);
  const paying = { orderId: id, provider: "test", paymentMethod: { token: "tok_success" } };
  const { payment } = parse(PaymentProcessed, await api.post("/payments/process", paying, { token: accessToken }), 200);
  const reader = readerOf(api, host);
  const { pathname, search } = new URL(guestOrderLink(`http://${host}`, id, accessToken));
  const paid = await reader.follow(await reader.get(`${pathname}${search}`));
  expect(paid.text).toContain("Show the codes below at the door.");
  const file = await reader.get(`/o/${id}/print.pdf`);
  expect([file.status, file.headers.get("content-type")]).toEqual([200, "application/pdf"]);
  expect((await readerOf(api, host).get(`/o/${id}/print.pdf`)).status).toBe(404);
  const [first = "", second = ""] = [...new Set(paid.text.match(/\/t\/[0-9a-f-]{36}/g))];
  expect((await reader.get(`/o/${id}${first}/print.pdf`)).headers.get("content-type")).toBe("application/pdf");

  const refund = { reason: "Ill", ticketIds: [first.slice(3)] };
  expect((await box.owner.api.post(`/payments/${payment.id}/refund`, refund)).status).toBe(201);
  const partly = (await reader.get(`/o/${id}`)).text;
  expect(partly).toMatch(/Refunded<\/th><td>-€25\.00/);
  expect((await reader.get(`/o/${id}${first}/print.pdf`)).status).toBe(404);
  const gone = (await reader.get(`/o/${id}${first}`)).text;
  expect(gone).toContain("No longer valid");
  expect(gone).not.toContain("Show this code");
  expect((await reader.get(`/o/${id}${second}`)).text).toContain("Show this code");

  const reason = "The river rose.";
  await box.owner.api.post(`/events/${event.id}/cancel`, { reason });
  const called = await eventually("a refunded order", async () => {
    const { text } = await reader.get(`/o/${id}`);
    return text.includes("has gone back to you") ? text : undefined;
  });
  expect(called).toMatch(/Refunded<\/th><td>-€50\.00/);
  for (const said of ["This event was cancelled.", "The organizer says: The river rose."]) expect(called).toContain(said);
  for (const unsaid of ["Choose tickets anew", "Show the codes"]) expect(called).not.toContain(unsaid);
  expect((await reader.get(`/e/${event.id}`)).text).toContain("The organizer says: The river rose.");
});
