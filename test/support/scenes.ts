/** The first steps of most stories: somebody with an account, an organizer, an event on sale. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { Tokens, User } from "../../shared/contracts/accounts";
import { type EventDraft, PublishedEvent } from "../../shared/contracts/events";
import { Organizer } from "../../shared/contracts/organizers";
import { OutboxMessage } from "../../shared/contracts/outbound";
import { type Client, parse } from "./client";

/** API.md: mails, index and webhooks follow within 10 s. */
export const NEWS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;
const DAY_MS = 86_400_000;
export const PASSWORD = "correct-horse-battery";

const Outbox = z.object({ data: z.array(OutboxMessage) });

/** Asks until `look` gives something, and says what was waited for when the time is over. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, withinMs = NEWS_WITHIN_MS): Promise<T> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadlineMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The mails to an address, newest first, as they stand now. */
export const mailsTo = async (api: Client, to: string): Promise<OutboxMessage[]> =>
  parse(Outbox, await api.get(`/dev/outbox?to=${encodeURIComponent(to)}`), 200).data;

/** The newest mail to an address that `wanted` takes, waited for. */
export const outbox = (api: Client, to: string, wanted: (mail: OutboxMessage) => boolean = () => true): Promise<OutboxMessage> =>
  eventually(`a mail to ${to}`, async () => (await mailsTo(api, to)).find(wanted));

export interface Person {
  api: Client;
  user: User;
  email: string;
  tokens: Tokens;
}

/** Nobody else's address, so that tests of one house do not meet. */
export const freshEmail = (name = "somebody"): string => `${name}-${randomUUID()}@people.example`;

export async function registerAndLogin(api: Client, { email = freshEmail(), name = "Sam Somebody" } = {}): Promise<Person> {
  parse(
    z.object({ user: z.object({ status: z.literal("pending") }) }),
    await api.post("/auth/register", { email, password: PASSWORD, name }),
    201,
  );
  const mail = await outbox(api, email, (candidate) => candidate.data?.token !== undefined);
  parse(z.object({ user: User }), await api.post("/auth/verify-email", { token: mail.data?.token }), 200);
  const tokens = parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }), 200);
  return { api: api.as({ token: tokens.accessToken }), user: tokens.user, email, tokens };
}

export const createOrganizer = async (owner: Person): Promise<Organizer> =>
  parse(
    Organizer,
    await owner.api.post("/organizers", { name: "The Blue Note", slug: `blue-${randomUUID().slice(0, 13)}` }),
    201,
  );

/** An event that can be published as it stands: 50 places, one type of 50 tickets at 25.00 EUR. */
export function draftEvent(organizerId: string, change: Partial<EventDraft> = {}): EventDraft {
  const startMs = Date.now() + 30 * DAY_MS;
  return {
    organizerId,
    title: "An evening at the Blue Note",
    description: "Two sets, one break.",
    category: "Jazz",
    startDate: new Date(startMs).toISOString(),
    endDate: new Date(startMs + 3 * 3_600_000).toISOString(),
    timezone: "Europe/Vienna",
    location: {
      venue: "Blue Note",
      address: "Ring 1",
      city: "Vienna",
      country: "AT",
      coordinates: { lat: 48.2, lng: 16.37 },
    },
    capacity: 50,
    ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 50 }],
    ...change,
  };
}

export async function createPublishedEvent(
  owner: Person,
  organizerId: string,
  change: Partial<EventDraft> = {},
): Promise<PublishedEvent> {
  const draft = parse(PublishedEvent, await owner.api.post("/events", draftEvent(organizerId, change)), 201);
  return parse(PublishedEvent, await owner.api.post(`/events/${draft.id}/publish`), 200);
}

export interface Box {
  owner: Person;
  organizer: Organizer;
  event: PublishedEvent;
}

/** Owner, organizer and one event on sale, all of their own. */
export async function openBoxOffice(api: Client, change: Partial<EventDraft> = {}): Promise<Box> {
  const owner = await registerAndLogin(api, { name: "Olga Owner" });
  const organizer = await createOrganizer(owner);
  return { owner, organizer, event: await createPublishedEvent(owner, organizer.id, change) };
}
