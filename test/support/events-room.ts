/** The events Worker inside workerd, its siblings played by what a test says of them. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import type { z } from "zod";
import { type EventDraft, PublishedEvent } from "../../shared/contracts/events";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import type { Envelope } from "../../shared/contracts/messages";
import type { MemberRole } from "../../shared/contracts/organizers";
import type { Principal } from "../../shared/contracts/principal";
import type { Env, Later } from "../../workers/events/environment";
import { app } from "../../workers/events/routes";
import { sweep } from "../../workers/events/sweep";

const DAY_MS = 86_400_000;

export const someId = (): string => crypto.randomUUID();

export const ANYBODY: Principal = { kind: "anonymous" };
export const user = (userId = someId(), role: "user" | "admin" = "user"): Principal & { userId: string } => ({
  kind: "user",
  userId,
  sessionId: someId(),
  role,
  authTimeMs: Date.now(),
  organizerHost: false,
});
export const secret = (text: string): Principal => ({ kind: "bearer_secret", secret: text });

export interface Asked {
  as?: Principal;
  body?: unknown;
  headers?: Record<string, string>;
  address?: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface Room {
  env: Env;
  /** What left for the search Worker's mailbox. */
  sent: Envelope[];
  sentToPayments: Envelope[];
  organizerId: string;
  owner: Principal & { userId: string };
  /** Adds somebody to the organizer's team. */
  member(role: MemberRole): Principal & { userId: string };
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  sweep(): Promise<Record<string, number>>;
  /** Until everything that the answers did not wait for is done. */
  idle(): Promise<void>;
}

const rooms = new Set<Room>();

/** After each test: what one room still sends must not go out through the next one's mailboxes. */
export async function closeRooms(): Promise<void> {
  for (const room of rooms) await room.idle();
  rooms.clear();
  await reset();
}

const mailboxOf = (box: Envelope[]): Queue =>
  ({
    sendBatch: async (messages: Iterable<MessageSendRequest<Envelope>>) => {
      for (const { body } of messages) box.push(body);
    },
  }) as unknown as Queue;

/** A room with its own organizer. `change` replaces bindings. */
export async function openRoom(change: Partial<Env> = {}): Promise<Room> {
  await applyD1Migrations(bindings.DB, bindings.MIGRATIONS.events);
  const organizerId = someId();
  const owner = user();
  const roles = new Map<string, MemberRole>([[owner.userId, "owner"]]);
  const sent: Envelope[] = [];
  const sentToPayments: Envelope[] = [];
  const pending: Promise<unknown>[] = [];
  const later: Later = { waitUntil: (promise) => void pending.push(promise) };
  const context = { ...later, passThroughOnException: () => undefined, props: {} } as unknown as ExecutionContext;
  const env: Env = {
    DB: bindings.DB,
    ENVIRONMENT: "development",
    HOLD_KEY: bindings.HOLD_KEY,
    TICKET_SIGNING_KEY: bindings.TICKET_SIGNING_KEY,
    TICKET_INVENTORY: bindings.TICKET_INVENTORY,
    AVAILABILITY_FEED: bindings.AVAILABILITY_FEED,
    SEARCH_MAILBOX: mailboxOf(sent),
    PAYMENTS_MAILBOX: mailboxOf(sentToPayments),
    NOTIFICATIONS_MAILBOX: mailboxOf([]),
    USERS: {
      membership: async (userId, organizer) => (organizer === organizerId ? (roles.get(userId) ?? null) : null),
      verifiedEmail: async (userId) => `${userId}@people.example`,
      organizers: async (ids) =>
        ids
          .filter((id) => id === organizerId)
          .map((id) => ({ id, name: "Blue Note", slug: "blue", createdAt: "", updatedAt: "" })),
    },
    ...change,
  };
  const room: Room = {
    env,
    sent,
    sentToPayments,
    organizerId,
    owner,
    member: (role) => {
      const somebody = user();
      roles.set(somebody.userId, role);
      return somebody;
    },
    ask: async (method, path, { as = ANYBODY, body, headers = {}, address = "192.0.2.1" } = {}) => {
      const request = new Request(`http://localhost:8787${path}`, {
        method,
        headers: {
          ...headers,
          [INTERNAL_HEADERS.principal]: JSON.stringify(as),
          [INTERNAL_HEADERS.address]: address,
          "x-request-id": "the-request",
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const response = await app.fetch(request, env, context);
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text || undefined };
    },
    sweep: () => sweep(env, later),
    idle: async () => {
      while (pending.length > 0) await pending.pop();
    },
  };
  rooms.add(room);
  return room;
}

/** The answer's body as its published schema reads it. */
export function parse<S extends z.ZodType>(schema: S, answer: Answer, status = 200): z.output<S> {
  if (answer.status !== status) throw new Error(`answered ${answer.status}, not ${status}: ${JSON.stringify(answer.body)}`);
  return schema.parse(answer.body);
}

export const codeOf = ({ status, body }: Answer): string =>
  `${status} ${typeof body === "object" && body !== null && "code" in body ? body.code : "-"}`;

export function eventDraft(organizerId: string, change: Partial<EventDraft> = {}): EventDraft {
  const startMs = Date.now() + 30 * DAY_MS;
  return {
    organizerId,
    title: "An evening",
    description: "Two sets.",
    category: "Jazz",
    startDate: new Date(startMs).toISOString(),
    endDate: new Date(startMs + 3 * 3_600_000).toISOString(),
    timezone: "Europe/Vienna",
    location: { venue: "Blue Note", address: "Ring 1", city: "Vienna", country: "AT", coordinates: { lat: 48.2, lng: 16.37 } },
    capacity: 50,
    ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 50 }],
    ...change,
  };
}

export const draft = async (room: Room, change: Partial<EventDraft> = {}): Promise<PublishedEvent> =>
  parse(PublishedEvent, await room.ask("POST", "/events", { as: room.owner, body: eventDraft(room.organizerId, change) }), 201);

export async function publishNew(room: Room, change: Partial<EventDraft> = {}): Promise<PublishedEvent> {
  const { id } = await draft(room, change);
  return parse(PublishedEvent, await room.ask("POST", `/events/${id}/publish`, { as: room.owner }));
}

/** The event's real object with some of its doors replaced, e.g. by one that dies after it has done its work. */
export function withDoors(doors: (real: TicketInventoryRpc) => Partial<TicketInventoryRpc>): Env["TICKET_INVENTORY"] {
  return {
    idFromName: (name) => bindings.TICKET_INVENTORY.idFromName(name),
    get: (id) => {
      const real: TicketInventoryRpc = bindings.TICKET_INVENTORY.get(id);
      const replaced = doors(real);
      return new Proxy(real, {
        get: (target, name) => Reflect.get(replaced, name) ?? Reflect.get(target, name),
      });
    },
  };
}

export const show = (room: Room, id: string, as: Principal = ANYBODY) => room.ask("GET", `/events/${id}`, { as });

/** As if the hand that did what stands half-way had died long ago. */
export const age = (room: Room) =>
  room.env.DB.batch([
    room.env.DB.prepare("UPDATE events SET updated_at_ms = updated_at_ms - 60000"),
    room.env.DB.prepare("UPDATE event_changes SET asked_at_ms = asked_at_ms - 60000"),
  ]);
