/** An organizer and his events on sale, before anything is killed. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { Tokens } from "../../shared/contracts/accounts.ts";
import { PublishedEvent } from "../../shared/contracts/events.ts";
import { Organizer } from "../../shared/contracts/organizers.ts";
import { OutboxMessage } from "../../shared/contracts/outbound.ts";
import { pause } from "./chaos-house.ts";
import type { Show } from "./chaos-plan.ts";

const PASSWORD = "correct-horse-battery";
const MAIL_WITHIN_MS = 15_000;
const DAY_MS = 86_400_000;
/** An access token lives for ten minutes. */
const LOGIN_EVERY_MS = 300_000;

const Outbox = z.object({ data: z.array(OutboxMessage) });

export interface Stage {
  eventId: string;
  ticketTypeIds: string[];
}

export interface Shop {
  email: string;
  stages: Record<Show, Stage>;
  /** The organizer's own credential, fresh enough. */
  token(): Promise<string>;
}

async function call<S extends z.ZodType>(
  schema: S,
  url: string,
  method: string,
  body?: unknown,
  token?: string,
): Promise<z.output<S>> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return schema.parse(JSON.parse(text));
}

async function verificationToken(origin: string, email: string): Promise<string> {
  const deadlineMs = Date.now() + MAIL_WITHIN_MS;
  while (Date.now() < deadlineMs) {
    const { data } = await call(Outbox, `${origin}/dev/outbox?to=${encodeURIComponent(email)}`, "GET");
    if (data[0]?.data?.token) return data[0].data.token;
    await pause(200);
  }
  throw new Error("no verification mail");
}

interface Draft {
  currency: string;
  prices: number[];
  capacity: number;
  holdSeconds: number;
}

/** KWD has three decimals and JPY none, so that nobody divides by a hundred. */
const draftsOf = (sales: number): Record<Show, Draft> => ({
  plenty: { currency: "EUR", prices: [2500], capacity: sales * 4, holdSeconds: 20 },
  scarce: { currency: "EUR", prices: [4000, 7500], capacity: Math.ceil(sales * 0.3), holdSeconds: 10 },
  free: { currency: "EUR", prices: [0], capacity: sales * 4, holdSeconds: 10 },
  doomed: { currency: "JPY", prices: [8000], capacity: sales * 4, holdSeconds: 15 },
  brief: { currency: "KWD", prices: [12_500], capacity: sales * 4, holdSeconds: 2 },
});

async function publish(origin: string, token: string, organizerId: string, show: string, draft: Draft): Promise<Stage> {
  const startMs = Date.now() + 30 * DAY_MS;
  const event = await call(
    PublishedEvent,
    `${origin}/events`,
    "POST",
    {
      organizerId,
      title: `The ${show} show`,
      description: "It goes on.",
      category: "Music",
      startDate: new Date(startMs).toISOString(),
      endDate: new Date(startMs + 3_600_000).toISOString(),
      timezone: "Europe/Vienna",
      location: { venue: "Hall", address: "Ring 1", city: "Vienna", country: "AT", coordinates: { lat: 48.2, lng: 16.37 } },
      capacity: draft.capacity,
      settings: { holdSeconds: draft.holdSeconds },
      ticketTypes: draft.prices.map((amount, index) => ({
        name: `Row ${index + 1}`,
        price: { amount, currency: draft.currency },
        quantity: draft.capacity,
      })),
    },
    token,
  );
  await call(PublishedEvent, `${origin}/events/${event.id}/publish`, "POST", undefined, token);
  return { eventId: event.id, ticketTypeIds: event.ticketTypes.map(({ id }) => id) };
}

export async function openShop(origin: string, sales: number): Promise<Shop> {
  const email = `organizer-${randomUUID()}@people.example`;
  await call(z.unknown(), `${origin}/auth/register`, "POST", { email, password: PASSWORD, name: "Olga Organizer" });
  await call(z.unknown(), `${origin}/auth/verify-email`, "POST", { token: await verificationToken(origin, email) });
  const login = async () => (await call(Tokens, `${origin}/auth/login`, "POST", { email, password: PASSWORD })).accessToken;
  let token = await login();
  let loggedInMs = Date.now();
  const organizer = await call(
    Organizer,
    `${origin}/organizers`,
    "POST",
    { name: "Chaos", slug: `chaos-${randomUUID().slice(0, 13)}` },
    token,
  );
  const drafts = draftsOf(sales);
  const stage = (show: Show) => publish(origin, token, organizer.id, show, drafts[show]);
  return {
    email,
    stages: {
      plenty: await stage("plenty"),
      scarce: await stage("scarce"),
      free: await stage("free"),
      brief: await stage("brief"),
      doomed: await stage("doomed"),
    },
    token: async () => {
      while (Date.now() - loggedInMs > LOGIN_EVERY_MS) {
        const renewed = await login().catch(() => null);
        if (renewed === null) await pause(500);
        else [token, loggedInMs] = [renewed, Date.now()];
      }
      return token;
    },
  };
}
