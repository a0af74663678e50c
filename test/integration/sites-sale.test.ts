/** The pages' forms, sent as a browser sends them, and as it never would. */
import ical from "ical.js";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { guestOrderLink } from "../../shared/http/guest-links";
import { connect, parse } from "../support/client";
import { formOf, type Reader, readerOf } from "../support/reader";
import {
  type Box,
  createOrganizer,
  createPublishedEvent,
  eventually,
  freshEmail,
  openBoxOffice,
  outbox,
} from "../support/scenes";

const api = connect(inject("origin"));
let box: Box;
let host: string;
let typeId: string;

beforeAll(async () => {
  box = await openBoxOffice(api);
  host = `${box.organizer.slug}.localhost`;
  typeId = box.event.ticketTypes[0]?.id ?? "";
});

const eventPage = () => `/e/${box.event.id}`;

async function reserve(reader: Reader, quantity = 2) {
  const page = await reader.get(eventPage());
  return reader.follow(await reader.post(formOf(page, /^\/e\//), { [`q-${typeId}`]: String(quantity) }));
}

const BUYER = { name: "Greta Guest", email: "greta@people.example" };

async function order(reader: Reader) {
  const checkout = await reserve(reader);
  return reader.follow(await reader.post(formOf(checkout, /^\/c\/[^/]+\/[^/]+$/), BUYER));
}

const orderIdOf = (text: string): string => /\/o\/([0-9a-f-]{36})/.exec(text)?.[1] ?? "";

describe("what a buyer sends", () => {
  test("with everything wrong comes back with each fault named, its field marked, and all of it still there", async () => {
    const reader = readerOf(api, host);
    const checkout = await reserve(reader);
    const name = "ب".repeat(10_000);
    const typed = { name, email: '"><script>alert(1)</script>', "attendee-2": "Zoë\u0000" };
    const answer = await reader.post(formOf(checkout, /^\/c\/[^/]+\/[^/]+$/), typed);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain("The name has 10,000 characters; at most 200 fit on a ticket.");
    for (const field of ["name", "email", "attendee-2"]) {
      expect(answer.text).toContain(`<a href="#${field}">`);
      expect(answer.text).toMatch(
        new RegExp(`<input id="${field}"[^>]* aria-describedby="[^"]*${field}-error" aria-invalid="true">`),
      );
    }
    expect(answer.text).toContain(`value="${name}"`);
    expect(answer.text).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
    expect(answer.text).not.toContain("<script>alert");
    expect(answer.text).toContain("<details open>");
  });

  test("in no ticket, too many or none that is a number is told at the field", async () => {
    const reader = readerOf(api, host);
    const form = formOf(await reader.get(eventPage()), /^\/e\//);
    const faults = {
      "0": "Choose at least one ticket.",
      "99": "an order takes 1 to 10",
      "-1": "choose a number",
      "1e9": "an order takes",
      x: "choose a number",
    };
    for (const [quantity, fault] of Object.entries(faults)) {
      const answer = await reader.post(form, { [`q-${typeId}`]: quantity });
      expect([answer.status, answer.text.includes(fault)], quantity).toEqual([422, true]);
    }
  });

  test("twice is one hold and one order", async () => {
    const reader = readerOf(api, host);
    const page = await reader.get(eventPage());
    const chosen = { [`q-${typeId}`]: "1" };
    const [once, again] = await Promise.all([1, 2].map(() => reader.post(formOf(page, /^\/e\//), chosen)));
    expect(once?.headers.get("location")).toMatch(/^\/c\//);
    expect(again?.headers.get("location")).toBe(once?.headers.get("location"));
    const checkout = await reader.get(once?.headers.get("location") ?? "");
    const form = formOf(checkout, /^\/c\/[^/]+\/[^/]+$/);
    const orders = await Promise.all([1, 2].map(() => reader.post(form, BUYER)));
    const places = orders.map(({ headers }) => headers.get("location"));
    expect(places[0]).toMatch(/^\/o\//);
    expect(places[1]).toBe(places[0]);
    // Whoever goes back finds the order, not the form.
    expect((await reader.get(form.action)).headers.get("location")).toBe(places[0]);
    // The same page of the event sent once more is the same wish; a page that is loaded anew is another.
    const later = await reader.post(formOf(page, /^\/e\//), chosen);
    expect((await reader.follow(later)).headers.get("location")).toBe(places[0]);
    const anew = await reader.get(eventPage());
    expect(anew.headers.get("cache-control")).toBe("no-store");
    expect((await reader.post(formOf(anew, /^\/e\//), chosen)).headers.get("location")).not.toBe(form.action);
  });

  test("from another page than ours does nothing", async () => {
    const reader = readerOf(api, host);
    const foreign = { origin: `http://evil.localhost:${new URL(api.origin).port}` };
    const page = await reader.get(eventPage());
    const shown = await order(reader);
    const cancel = formOf(shown, /\/cancel$/);
    const answers = [
      await reader.post(formOf(page, /^\/e\//), { [`q-${typeId}`]: "1" }, foreign),
      await reader.post(cancel, {}, foreign),
      await reader.post(cancel, {}, { origin: "null" }),
      await reader.post(cancel, { form: "guessed" }),
      await reader.post(formOf(shown, /\/pay$/), { form: "" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect((await reader.get(`/o/${orderIdOf(cancel.action)}`)).text).toContain("Pay now");
  });
});

describe("an order's page", () => {
  test("opens by the link in the confirmation, with the tickets", async () => {
    const email = freshEmail("mailed");
    const placed = { eventId: box.event.id, items: [{ ticketTypeId: typeId, quantity: 1 }], buyer: { ...BUYER, email } };
    const { id, accessToken = "" } = parse(Order, await api.post("/orders", placed), 201);
    const paying = { orderId: id, provider: "test", paymentMethod: { token: "tok_success" } };
    parse(PaymentProcessed, await api.post("/payments/process", paying, { token: accessToken }), 200);
    const mail = await outbox(api, email);
    const link = new URL(/https?:\/\/\S+\/o\/\S+/.exec(mail.text ?? "")?.[0] ?? "");
    expect(link.hostname).toBe(host);
    const reader = readerOf(api, host);
    const opened = await reader.follow(await reader.get(`${link.pathname}${link.search}`));
    expect(opened.text).toContain("Thank you! Your order is paid.");
    expect(opened.text.match(/<svg role="img"/g)).toHaveLength(1);
  });

  test("opens by the mail's link, once in the address and from then on by a cookie of its own path", async () => {
    const placed = { eventId: box.event.id, items: [{ ticketTypeId: typeId, quantity: 1 }], buyer: BUYER };
    const { id, accessToken = "" } = parse(Order, await api.post("/orders", placed), 201);
    const stranger = readerOf(api, host);
    const link = new URL(guestOrderLink("http://demo.localhost", id, accessToken));
    expect((await stranger.get(`/o/${id}`)).status).toBe(404);
    const opened = await stranger.get(`${link.pathname}${link.search}`);
    expect([opened.status, opened.headers.get("location")]).toEqual([303, `/o/${id}`]);
    const [cookie = ""] = opened.headers.getSetCookie();
    expect(cookie).toContain(`Path=/o/${id}; HttpOnly; SameSite=Lax`);
    const shown = await stranger.follow(opened);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain("Greta Guest");
    expect(shown.text).not.toContain(accessToken);
    expect(shown.headers.get("cache-control")).toBe("no-store");
    expect(shown.headers.get("referrer-policy")).toBe("same-origin");
    // Neither the API nor another order takes it.
    const headers = { cookie: cookie.split(";")[0] ?? "" };
    expect((await api.get(`/orders/${id}`, { host, headers })).status).toBe(401);
    expect((await stranger.get(`/o/${crypto.randomUUID()}`, headers)).status).toBe(404);
    // A wrong key is no key, and says no more than none.
    expect((await stranger.get(`/o/${id}`, { cookie: `${headers.cookie.slice(0, -2)}xx` })).status).toBe(404);
    const other = await createOrganizer(box.owner);
    expect((await readerOf(api, `${other.slug}.localhost`).get(`/o/${id}`, headers)).status).toBe(404);
  });

  test("cancels while it is unpaid, and leads back to the tickets", async () => {
    const reader = readerOf(api, host, "de");
    const cancelled = await reader.follow(await reader.post(formOf(await order(reader), /\/cancel$/)));
    expect(cancelled.text).toContain("Diese Bestellung ist storniert.");
    expect(cancelled.text).toContain("Tickets neu wählen");
    expect(cancelled.text).not.toContain("<form");
  });

  test("of nothing to pay has its tickets at once, with the names that were typed", async () => {
    const free = await createPublishedEvent(box.owner, box.organizer.id, {
      title: "Open rehearsal",
      ticketTypes: [{ name: "Guest", price: { amount: 0, currency: "EUR" }, quantity: 10 }],
    });
    const reader = readerOf(api, host);
    const page = await reader.get(`/e/${free.id}`);
    expect(page.text).toContain("Free");
    const chosen = { [`q-${free.ticketTypes[0]?.id}`]: "2" };
    const checkout = await reader.follow(await reader.post(formOf(page, /^\/e\//), chosen));
    const typed = { ...BUYER, "attendee-2": "Zoë 👩🏽‍🎤" };
    const done = await reader.follow(await reader.post(formOf(checkout, /^\/c\/[^/]+\/[^/]+$/), typed));
    expect(done.text).toContain("Thank you! Your tickets are here.");
    expect(done.text.match(/<svg role="img"/g)).toHaveLength(2);
    for (const name of ["Greta Guest", "Zoë 👩🏽‍🎤"]) expect(done.text).toContain(`<strong dir="auto">${name}</strong>`);
    const ticket = /\/o\/[0-9a-f-]{36}\/t\/[0-9a-f-]{36}/.exec(done.text)?.[0] ?? "";
    expect((await reader.get(ticket)).status).toBe(200);
    expect((await readerOf(api, host).get(ticket)).status).toBe(404);
    expect((await reader.get(ticket.replace(/.{4}$/, "0000"))).status).toBe(404);
  });
});

test("tickets that were given back are on sale again, and their page says that the reservation is over", async () => {
  const reader = readerOf(api, host);
  const left = async () => Number(/(\d+) left/.exec((await reader.get(eventPage())).text)?.[1]);
  const before = await left();
  const checkout = await reserve(reader, 3);
  expect(await left()).toBe(before - 3);
  const form = formOf(checkout, /\/release$/);
  expect((await reader.follow(await reader.post(form))).text).toContain(`${before} left`);
  const over = await reader.get(form.action.replace(/\/release$/, ""));
  expect([over.status, over.text.includes("Your reservation has ended")]).toEqual([410, true]);
});

test("an event's date comes as a calendar reads it", async () => {
  const file = await readerOf(api, host).get(`${eventPage()}/event.ics`);
  expect(file.headers.get("content-type")).toBe("text/calendar; charset=utf-8");
  const event = new ical.Event(new ical.Component(ical.parse(file.text)).getFirstSubcomponent("vevent") ?? undefined);
  expect([event.summary, event.location]).toEqual([box.event.title, "Blue Note, Ring 1, Vienna, AT"]);
  expect(event.startDate.toJSDate().toISOString()).toBe(box.event.startDate.replace(/\.\d+Z/, ".000Z"));
});

test("the list is searched without marks and case, and says when nothing fits", async () => {
  const reader = readerOf(api, host);
  await createPublishedEvent(box.owner, box.organizer.id, { title: "Gösta Müllers Abend" });
  const found = await eventually("a found event", async () => {
    const { text } = await reader.get("/?q=muller%20GOSTA");
    return text.includes("Gösta Müllers Abend") ? text : undefined;
  });
  expect(found).toContain("1 event fits");
  // Another organizer's events are not this one's to find.
  const other = await createOrganizer(box.owner);
  const elsewhere = await readerOf(api, `${other.slug}.localhost`).get("/?q=muller%20GOSTA");
  expect([elsewhere.status, elsewhere.text.includes("Gösta Müllers")]).toEqual([200, false]);
  expect((await reader.get("/?q=!!!")).text).toContain("No event here fits");
  const none = await reader.get(`/?q=${encodeURIComponent('"><b>nothing')}`);
  expect(none.text).toContain("No event here fits “&quot;&gt;&lt;b&gt;nothing”.");
  expect((await reader.get(`/?q=${"x".repeat(10_000)}`)).status).toBe(200);
});
