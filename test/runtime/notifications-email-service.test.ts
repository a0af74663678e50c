/** Deployed: what the `send_email` binding is given, and what becomes of a mail that it does not take. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { countOwed } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import { emailService } from "../../workers/notifications/email-service";
import type { Mail } from "../../workers/notifications/mail";
import { ctx, event, hearPaid, house, mails, order, ticketOf } from "../support/notifications-room";

beforeEach(() => applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  return reset();
});

const refusal = (code: string) => Object.assign(new Error(`${code}: ada@bilten.example is not taken`), { code });

/** A binding that answers as it is told, and says what it was given. */
function deployed(answer: (nth: number) => Promise<EmailSendResult> = async () => ({ messageId: "m" })) {
  const given: EmailMessageBuilder[] = [];
  const send = async (message: EmailMessageBuilder) => answer(given.push(message));
  const { here } = house({ ENVIRONMENT: "production", EMAIL: { send } as unknown as SendEmail });
  return { here, given };
}

const CONTROL = /\p{Cc}/u;

it("a mail leaves once, with its parts, and nobody's words in a header but as one line", async () => {
  const { here, given } = deployed();
  const evil = "Jazz\r\nBcc: everybody@example.org\r\n\r\n<script>";
  const orders = async (ids: string[]) => ids.map(order);
  Object.assign(here, {
    PAYMENTS: { ...here.PAYMENTS, orders },
    EVENTS: {
      ...here.EVENTS,
      events: async () => [{ ...event, title: evil }],
    },
    USERS: {
      organizers: async () => [{ id: event.organizerId, name: `Blue\r\nNote`, slug: "blue", createdAt: "", updatedAt: "" }],
    },
  });
  await hearPaid(here, crypto.randomUUID());
  await Promise.all([dispatchDue(here, ctx), dispatchDue(here, ctx)]);
  expect(given).toHaveLength(1);
  const [mail] = given;
  expect(mail).toMatchObject({ to: "Ada@Bilten.example", from: { name: "Blue Note", email: "tickets@bilten.example" } });
  expect(mail?.subject).toBe("Your tickets for Jazz Bcc: everybody@example.org <script>");
  expect(mail?.html).not.toContain("<script");
  for (const [name, value] of Object.entries(mail?.headers ?? {})) {
    expect(value).not.toMatch(CONTROL);
    // Names that Email Service takes; it sets Date and Message-ID itself.
    expect(name).toMatch(/^(Auto-Submitted|Content-Language|X-[\w-]+)$/);
  }
  expect(mail?.headers?.["X-Entity-Ref-ID"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(mail?.attachments?.map(({ disposition, type }) => [disposition, type])).toEqual([
    ["inline", "image/png"],
    ["inline", "image/png"],
    ["attachment", "application/pdf"],
    ["attachment", "application/pdf"],
    ["attachment", "text/calendar; charset=utf-8; method=PUBLISH"],
  ]);
  // What is kept of it names nobody.
  expect(await mails()).toEqual([]);
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
});

it.each([
  ["E_RATE_LIMIT_EXCEEDED", { queued: 1, parked: 0 }],
  ["E_SENDER_NOT_VERIFIED", { queued: 1, parked: 0 }],
  ["E_DELIVERY_FAILED", { queued: 1, parked: 0 }],
  ["anything else", { queued: 1, parked: 0 }],
  ["E_RECIPIENT_SUPPRESSED", { queued: 0, parked: 1 }],
  ["E_VALIDATION_ERROR", { queued: 0, parked: 1 }],
  ["E_CONTENT_TOO_LARGE", { queued: 0, parked: 1 }],
])("%s keeps the others back from nothing, and leaves %o", async (code, owed) => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { here, given } = deployed(async (nth) => {
    if (nth === 2) throw refusal(code);
    return { messageId: "m" };
  });
  for (let count = 0; count < 8; count++) await hearPaid(here, crypto.randomUUID());
  await dispatchDue(here, ctx);
  expect(given).toHaveLength(8);
  expect(await countOwed(here.DB)).toEqual(owed);
  expect(said).toHaveBeenCalled();
  // The service's own words name the address, which belongs in no log.
  expect(JSON.stringify(said.mock.calls.map((call) => call.map(String)))).not.toContain("ada@");
});

it("a carrier so slow that somebody else may have taken a mail up sends it no more", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { here, given } = deployed(async () => {
    vi.advanceTimersByTime(14_000);
    return { messageId: "m" };
  });
  for (let count = 0; count < 8; count++) await hearPaid(here, crypto.randomUUID());
  await dispatchDue(here, ctx);
  const keys = () => given.map(({ headers }) => headers?.["X-Entity-Ref-ID"]);
  expect(given).toHaveLength(6);
  await dispatchDue(here, ctx);
  expect(new Set(keys()).size).toBe(8);
  expect(given).toHaveLength(8);
});

it("a carrier that does not answer is waited for no longer than the lease lasts, and keeps none of the others back", async () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const mail: Mail = {
    to: "a@b.example",
    fromName: "",
    subject: "",
    text: "",
    html: "",
    language: "en",
    attachments: [],
    data: { type: "t" },
  };
  const send = vi.fn(async ({ headers }: EmailMessageBuilder): Promise<EmailSendResult> => {
    if (headers?.["X-Bilten-Delivery"] === "silent") await new Promise(() => undefined);
    return { messageId: "m" };
  });
  const carrier = emailService({ send } as unknown as SendEmail, "tickets@bilten.example", 30);
  const { sent, refused, failures } = await carrier.send(["silent", "other"].map((key) => ({ key, mail })));
  expect([sent, refused]).toEqual([["other"], []]);
  // Nobody knows whether it left: it is neither settled nor given up.
  expect(failures.map(String)).toEqual(["Error: delivery silent did not leave: E_NO_ANSWER"]);
  expect(said).not.toHaveBeenCalled();
});

it("an order of two thousand tickets is a mail that can be sent, and says where the others stand", async () => {
  const { here, given } = deployed();
  const many = Array.from({ length: 2_000 }, (_, number) => ticketOf("order", number));
  Object.assign(here, { EVENTS: { ...here.EVENTS, ticketsOfOrders: async () => [{ ok: true, value: many }] } });
  await hearPaid(here, crypto.randomUUID());
  await dispatchDue(here, ctx);
  const [mail] = given;
  expect(mail?.text).toContain("80 more are in the attached files.");
  expect(mail?.text).toContain("1900 more tickets stand on your order's page.");
  const bytes = (mail?.attachments ?? []).reduce((sum, { content }) => sum + (content as Uint8Array).byteLength, 0);
  // Of 5 MiB that a mail may weigh, in base64.
  expect(bytes * 1.4).toBeLessThan(2_000_000);
});

it("an order whose tickets went back before its mail left is confirmed without a code", async () => {
  const { here, given } = deployed();
  const gone = [ticketOf("order", 1, { status: "void" })];
  Object.assign(here, { EVENTS: { ...here.EVENTS, ticketsOfOrders: async () => [{ ok: true, value: gone }] } });
  await hearPaid(here, crypto.randomUUID());
  await dispatchDue(here, ctx);
  expect(given[0]?.text).toContain("The tickets of this order are no longer valid.");
  expect(given[0]?.attachments).toEqual([]);
  expect(given[0]?.html).not.toContain("cid:");
});
