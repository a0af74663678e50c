/** What a buyer finds in the confirmation, read by the programs that its readers have: it admits. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { Ticket } from "../../shared/contracts/events";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { connect, parse } from "../support/client";
import { bytesOf, fileOf, readCalendar, readMail, readPng, readQr, readTickets } from "../support/letters";
import { type Box, freshEmail, openBoxOffice, outbox } from "../support/scenes";

const api = connect(inject("origin"));
const TITLE = `Žižkov – Ночь Ελλάδα ${"very ".repeat(30)}long`;
let box: Box;

interface Sale {
  order: Order;
  mail: OutboxMessage;
  tickets: Ticket[];
}

async function buy(name: string, language: string, names: string[] = []): Promise<Sale> {
  const email = freshEmail("buyer");
  const order = parse(
    Order,
    await api.post(
      "/orders",
      {
        eventId: box.event.id,
        items: [{ ticketTypeId: box.event.ticketTypes[0]?.id, quantity: 2 }],
        buyer: { email, name },
        ...(names.length > 0 ? { attendees: names.map((holder) => ({ email, name: holder })) } : {}),
      },
      { headers: { "accept-language": language } },
    ),
    201,
  );
  const guest = api.as({ token: order.accessToken ?? "" });
  const payment = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
  parse(PaymentProcessed, await guest.post("/payments/process", payment), 200);
  const tickets = parse(z.object({ data: z.array(Ticket) }), await guest.get(`/orders/${order.id}/tickets`), 200).data;
  return { order, tickets, mail: await outbox(api, email, ({ data }) => data?.type === "order_confirmation") };
}

beforeAll(async () => {
  // Over the night in which the clocks of Vienna go forward.
  box = await openBoxOffice(api, {
    title: TITLE,
    startDate: "2032-03-27T20:30:00Z",
    endDate: "2032-03-28T01:30:00Z",
  });
});

describe("a confirmation", () => {
  let sale: Sale;
  beforeAll(async () => {
    sale = await buy("Zoë Łukasz", "de-AT,de;q=0.9");
  });

  test("shows each ticket's code as a picture in the mail and on paper, and what is read from the paper admits", async () => {
    const { mail, tickets } = sale;
    const codes = tickets.map(({ code }) => code);
    expect(codes.map((_, nth) => readQr(readPng(bytesOf(fileOf(mail, ".png", nth)))))).toEqual(codes);
    const printed = await readTickets(bytesOf(fileOf(mail, ".pdf", 0)));
    const onPhone = await readTickets(bytesOf(fileOf(mail, ".pdf", 1)));
    expect(printed.map(({ code }) => code)).toEqual(codes);
    expect(onPhone.map(({ code }) => code)).toEqual(codes);
    expect(printed[0]?.size.map(Math.round)).toEqual([595, 842]);
    expect(onPhone[0]?.size).toEqual([360, 740]);
    for (const page of [...printed, ...onPhone]) {
      expect(page.text).toContain("Zoë Łukasz");
      expect(page.text).toContain("Žižkov – Ночь Ελλάδα");
      expect(page.text).toContain("The Blue Note");
      expect(page.text).toContain(sale.order.id);
      expect(page.text).toContain("Dieses Ticket gilt für eine Person");
    }
    const scan = { code: onPhone[1]?.code, nonce: randomUUID() };
    expect((await box.owner.api.post(`/events/${box.event.id}/check-ins`, scan)).status).toBe(201);
    const again = await box.owner.api.post(`/events/${box.event.id}/check-ins`, { ...scan, nonce: randomUUID() });
    expect(parse(ProblemBody, again, 409).code).toBe("already_admitted");
  });

  test("speaks the buyer's language in every part, and shows the event in its own zone", () => {
    const { text = "", html = "", subject } = sale.mail;
    expect(subject).toMatch(/^Ihre Tickets für Žižkov/);
    for (const part of [text, html]) {
      expect(part).toContain("Guten Tag Zoë Łukasz,");
      expect(part).toContain("Samstag, 27. März 2032");
      expect(part).toContain("21:30");
      expect(part).toContain("03:30");
      expect(part).toMatch(/2 × Standing, je 25,00\s€/);
      for (const { code } of sale.tickets) expect(part).toContain(code);
    }
    expect(html).toContain('<html lang="de">');
  });

  test("puts the date into a calendar, in UTC across a change of clocks, folded by octets", () => {
    const text = Buffer.from(fileOf(sale.mail, ".ics").content, "base64").toString("utf8");
    const { method, event, component } = readCalendar(text);
    expect([method, component.getFirstPropertyValue("status")]).toEqual(["PUBLISH", "CONFIRMED"]);
    expect(event.uid).toBe(box.event.id);
    expect(event.summary).toBe(TITLE);
    expect(event.startDate.toJSDate().toISOString()).toBe("2032-03-27T20:30:00.000Z");
    expect(event.endDate.toJSDate().toISOString()).toBe("2032-03-28T01:30:00.000Z");
    expect(event.startDate.zone.tzid).toBe("UTC");
    const lines = text.split("\r\n");
    expect(Math.max(...lines.map((line: string) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    // Calendars are shared: no key to the order stands in one.
    expect(text).not.toContain(sale.order.accessToken);
  });

  test("is a mail that mail programs read: two parts, pictures inside, files beside", async () => {
    const mail = await readMail(sale.mail);
    expect(mail.subject).toBe(sale.mail.subject);
    expect(mail.text?.trim()).toBe(sale.mail.text?.trim());
    expect(mail.from?.value).toEqual([{ name: "The Blue Note", address: "tickets@bilten.example" }]);
    expect(mail.headers.get("x-entity-ref-id")).toBe(sale.mail.id);
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect(mail.headers.has("list-unsubscribe")).toBe(false);
    // The library has put each picture in its place, so that none of them was only beside the mail.
    expect(mail.html).not.toContain("cid:");
    expect(String(mail.html).match(/src="data:image\/png;base64,/g)).toHaveLength(2);
    expect(
      mail.attachments.filter(({ related }) => !related).map(({ filename, contentType }) => [filename, contentType]),
    ).toEqual([
      ["tickets-zum-drucken.pdf", "application/pdf"],
      ["tickets-fuers-handy.pdf", "application/pdf"],
      ["termin.ics", "text/calendar"],
    ]);
  });

  test("leads to the order, which the link's token opens", async () => {
    const link = /https?:\S+\/o\/\S+/.exec(sale.mail.text ?? "")?.[0] ?? "";
    const { hostname, pathname, searchParams } = new URL(link);
    expect([hostname, pathname]).toEqual([`${box.organizer.slug}.localhost`, `/o/${sale.order.id}`]);
    const read = await api.as({ token: searchParams.get("token") ?? "" }).get(`/orders/${sale.order.id}`);
    expect(parse(Order, read, 200).status).toBe("paid");
  });
});

const NAMES = [
  "محمد علي",
  "שרה כהן",
  "山田太郎",
  "😀🇦🇹 Ada 👩‍👩‍👧",
  `${"W".repeat(199)}!`,
  "<b>&amp;\"'\\(PDF)",
  "x\u0301\u0323\u200f",
];

test.each(NAMES)("a buyer called %j has tickets that admit", async (name) => {
  const { mail, tickets } = await buy(name, "en", [name, "Greta Gäst"]);
  const pages = await readTickets(bytesOf(fileOf(mail, ".pdf")));
  expect(pages.map(({ code }) => code)).toEqual(tickets.map(({ code }) => code));
  // A name of this length is nobody's, and greets nobody.
  const isSaid = name.trim().length <= 80;
  expect(mail.text).toContain(isSaid ? `Hello ${name.trim()},` : "Hello,");
  expect(mail.html).not.toContain("<b>");
  expect((await readMail(mail)).text?.includes(name.trim())).toBe(isSaid);
});

test("a name that the ticket's letters cannot write is counted, and named on the order's page, never in part", async () => {
  const { mail } = await buy("Ada 太郎", "en", ["Ada 太郎", "Greta Gäst"]);
  const [first, second] = await readTickets(bytesOf(fileOf(mail, ".pdf")));
  expect(first?.text).toContain("Holder 1, named on your order's page");
  expect(first?.text).not.toContain("Ada");
  expect(second?.text).toContain("Greta Gäst");
});
