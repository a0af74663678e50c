/**
 * The demo data, loaded through the public API as any client would, each step only where it was not done before: three people, the
 * organizer `demo` and his events on sale. `npm run seed` does it for a server that runs already.
 */
import { request } from "node:http";
import { text as readText } from "node:stream/consumers";
import { z } from "zod";
import { type DemoEvent, demoEvents } from "./demo-events.ts";
import { DEFAULT_PORT } from "./development.ts";
import { isMain } from "./main.ts";
import { readNote, writeNote } from "./state.ts";

const NOTE = "demo-data";
export const DEMO_PASSWORD = "correct-horse-battery";
export const DEMO_PEOPLE = {
  admin: { email: "admin@bilten.example", name: "Ada Admin" },
  organizer: { email: "organizer@bilten.example", name: "Oscar Organizer" },
  attendee: { email: "attendee@bilten.example", name: "Ana Attendee" },
} as const;
export const DEMO_SLUG = "demo";

/** A mail follows within 10 s (API.md); the machine may be busy with its first start. */
const MAIL_WITHIN_MS = 30_000;

const Outbox = z.object({ data: z.array(z.object({ data: z.looseObject({ token: z.string().optional() }).optional() })) });
const Login = z.object({ accessToken: z.string(), user: z.object({ role: z.string() }) });
const WithId = z.object({ id: z.string() });
/** A session that was made on an organizer's host names him. */
const SiteClaims = z.object({ org: z.string() });
const KnownEvent = z.object({
  id: z.string(),
  status: z.string(),
  endDate: z.string(),
  ticketTypes: z.array(z.object({ id: z.string() })),
});
const Placed = z.object({ id: z.string(), status: z.string() });

interface Answer {
  status: number;
  text: string;
}

/** Through node:http, because fetch names the origin as its Host whatever it is told. */
function call(
  origin: string,
  method: string,
  path: string,
  body?: unknown,
  token?: string,
  more: Record<string, string> = {},
): Promise<Answer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...more,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, origin).href, { method, headers, agent: false }, (incoming) => {
      incoming.on("error", reject);
      void readText(incoming).then((said) => resolve({ status: incoming.statusCode ?? 0, text: said }), reject);
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

function read<S extends z.ZodType>(schema: S, what: string, answer: Answer): z.output<S> {
  if (answer.status >= 300) throw new Error(`${what} answered ${answer.status}: ${answer.text.slice(0, 500)}`);
  return schema.parse(JSON.parse(answer.text));
}

async function verificationToken(origin: string, email: string): Promise<string> {
  const deadlineMs = Date.now() + MAIL_WITHIN_MS;
  while (Date.now() < deadlineMs) {
    const outbox = read(Outbox, "The outbox", await call(origin, "GET", `/dev/outbox?to=${encodeURIComponent(email)}`));
    const token = outbox.data.find((mail) => mail.data?.token)?.data?.token;
    if (token) return token;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`No verification mail for ${email} in ${MAIL_WITHIN_MS} ms`);
}

type Person = (typeof DEMO_PEOPLE)[keyof typeof DEMO_PEOPLE];

async function logIn(origin: string, { email, name }: Person): Promise<z.output<typeof Login>> {
  const credentials = { email, password: DEMO_PASSWORD };
  const first = await call(origin, "POST", "/auth/login", credentials);
  if (first.status === 200) return read(Login, "The login", first);
  // Registering an address again answers the same, so an interrupted run can repeat both steps.
  await call(origin, "POST", "/auth/register", { ...credentials, name });
  const token = await verificationToken(origin, email);
  read(z.unknown(), "Verifying", await call(origin, "POST", "/auth/verify-email", { token }));
  return read(Login, "The login", await call(origin, "POST", "/auth/login", credentials));
}

/** The event of an earlier run as it stands, where it still lies ahead. */
async function knownEvent(origin: string, eventId: string | undefined, token: string) {
  if (eventId === undefined) return undefined;
  const answer = await call(origin, "GET", `/events/${eventId}`, undefined, token);
  const event = answer.status === 200 ? read(KnownEvent, "A demo event", answer) : undefined;
  return event && Date.parse(event.endDate) > Date.now() ? event : undefined;
}

/** The organizer's id. A run that was killed before it noted the id finds the slug taken, and asks whose the host is. */
async function openOrganizer(origin: string, token: string): Promise<string> {
  const answer = await call(origin, "POST", "/organizers", { name: "Bilten Demo", slug: DEMO_SLUG }, token);
  if (answer.status !== 409) return read(WithId, "The organizer", answer).id;
  const credentials = { email: DEMO_PEOPLE.organizer.email, password: DEMO_PASSWORD };
  const host = `${DEMO_SLUG}.localhost:${new URL(origin).port}`;
  const { accessToken } = read(
    Login,
    "The login on the organizer's host",
    await call(origin, "POST", "/auth/login", credentials, undefined, { host }),
  );
  const [, claims = ""] = accessToken.split(".");
  return SiteClaims.parse(JSON.parse(Buffer.from(claims, "base64url").toString("utf8"))).org;
}

/** What earlier runs found out, beside the data that it is about. */
export interface Notes {
  read(): Record<string, string>;
  write(note: Record<string, string>): void;
}
const notesOnDisk: Notes = { read: () => readNote(NOTE), write: (note) => writeNote(NOTE, note) };

/** Resolves when all of it is there. */
export async function seed(origin: string, notes: Notes = notesOnDisk): Promise<void> {
  const note = notes.read();
  const remember = (key: string, value: string): void => {
    note[key] = value;
    notes.write(note);
  };

  const admin = await logIn(origin, DEMO_PEOPLE.admin);
  if (admin.user.role !== "admin") {
    const path = `/dev/accounts/${encodeURIComponent(DEMO_PEOPLE.admin.email)}/role`;
    const { status, text } = await call(origin, "POST", path, { role: "admin" });
    if (status >= 300) throw new Error(`Making the admin answered ${status}: ${text.slice(0, 500)}`);
  }
  const attendee = await logIn(origin, DEMO_PEOPLE.attendee);
  const { accessToken } = await logIn(origin, DEMO_PEOPLE.organizer);

  if (note.organizerId === undefined) remember("organizerId", await openOrganizer(origin, accessToken));
  const shop = { origin, accessToken, buyerToken: attendee.accessToken, note, remember };
  for (const event of demoEvents(note.organizerId ?? "")) await openEvent(shop, event);
}

interface Shop {
  origin: string;
  accessToken: string;
  buyerToken: string;
  note: Record<string, string>;
  remember(key: string, value: string): void;
}

/** Each step where it was not done before; what lies behind is begun anew. */
async function openEvent(shop: Shop, { key, draft, seatMap, sold }: DemoEvent): Promise<void> {
  const { origin, accessToken, note, remember } = shop;
  const ask = (method: string, path: string, body?: unknown) => call(origin, method, path, body, accessToken);
  const known = await knownEvent(origin, note[key], accessToken);
  const event = known ?? read(KnownEvent, "An event", await ask("POST", "/events", draft));
  if (!known) remember(key, event.id);
  const path = `/events/${event.id}`;
  if (event.status === "draft") {
    if (seatMap) {
      const mapKey = `${key}:map`;
      if (note[mapKey] === undefined)
        remember(mapKey, read(WithId, "The seat map", await ask("POST", "/events/seat-maps", seatMap)).id);
      read(z.unknown(), "Taking the seat map", await ask("PUT", `${path}/seat-map`, { seatMapId: note[mapKey] }));
    }
    read(z.unknown(), "Publishing", await ask("POST", `${path}/publish`));
  }
  if (sold !== undefined && note[`${key}:sold`] !== event.id) {
    await sellSome(shop, event, sold);
    remember(`${key}:sold`, event.id);
  }
}

/** By a key of the event's own, so that a run that was cut off finds the same order. */
async function sellSome({ origin, buyerToken }: Shop, event: z.output<typeof KnownEvent>, quantity: number): Promise<void> {
  const { name, email } = DEMO_PEOPLE.attendee;
  const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity }];
  const draft = { eventId: event.id, items, buyer: { name, email } };
  const order = read(
    Placed,
    "The order",
    await call(origin, "POST", "/orders", draft, buyerToken, { "idempotency-key": `demo-${event.id}` }),
  );
  const paying = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
  const { status, text } = await call(origin, "POST", "/payments/process", paying, buyerToken);
  // Paid by an earlier run is paid.
  if (status >= 300 && status !== 409) throw new Error(`Paying answered ${status}: ${text.slice(0, 500)}`);
}

if (isMain(import.meta.url)) {
  const origin = `http://127.0.0.1:${process.env.PORT ?? DEFAULT_PORT}`;
  await seed(origin);
  console.log(`The demo data is there: ${origin}`);
}
