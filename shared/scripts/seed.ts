/**
 * The demo data, loaded through the public API as any client would, each step only where it was not done before: three people, the
 * organizer `demo` and one event on sale. `npm run seed` does it for a server that runs already.
 */
import { z } from "zod";
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
const DAY_MS = 86_400_000;

const Outbox = z.object({ data: z.array(z.object({ data: z.looseObject({ token: z.string().optional() }).optional() })) });
const Login = z.object({ accessToken: z.string(), user: z.object({ role: z.string() }) });
const WithId = z.object({ id: z.string() });
const DemoEvent = z.object({ id: z.string(), status: z.string(), endDate: z.string() });

interface Answer {
  status: number;
  text: string;
}

async function call(origin: string, method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
  const response = await fetch(new URL(path, origin), {
    method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
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

function demoEvent(organizerId: string) {
  const start = new Date(Date.now() + 30 * DAY_MS);
  start.setUTCHours(18, 0, 0, 0);
  return {
    organizerId,
    title: "Midsummer on the river",
    description: "Four bands on two stages between the bridges, rain or shine.",
    category: "Music",
    startDate: start.toISOString(),
    endDate: new Date(start.getTime() + 5 * 3_600_000).toISOString(),
    timezone: "Europe/Vienna",
    location: {
      venue: "Donauinsel",
      address: "Donauinsel 1",
      city: "Vienna",
      country: "AT",
      coordinates: { lat: 48.2266, lng: 16.4103 },
    },
    capacity: 500,
    ticketTypes: [
      { name: "Standing", description: "Everywhere but the stands", price: { amount: 3500, currency: "EUR" }, quantity: 450 },
      {
        name: "Stand",
        description: "A seat of your choice",
        price: { amount: 7900, currency: "EUR" },
        quantity: 100,
        maxPerOrder: 4,
      },
    ],
  };
}

async function eventOnSale(origin: string, eventId: string | undefined, token: string): Promise<boolean> {
  if (eventId === undefined) return false;
  const answer = await call(origin, "GET", `/events/${eventId}`, undefined, token);
  if (answer.status !== 200) return false;
  const event = read(DemoEvent, "The demo event", answer);
  return event.status === "published" && Date.parse(event.endDate) > Date.now();
}

/** Resolves when all of it is there. */
export async function seed(origin: string): Promise<void> {
  const note = readNote(NOTE);
  const remember = (key: string, value: string): void => {
    note[key] = value;
    writeNote(NOTE, note);
  };

  const admin = await logIn(origin, DEMO_PEOPLE.admin);
  if (admin.user.role !== "admin") {
    const path = `/dev/accounts/${encodeURIComponent(DEMO_PEOPLE.admin.email)}/role`;
    const { status, text } = await call(origin, "POST", path, { role: "admin" });
    if (status >= 300) throw new Error(`Making the admin answered ${status}: ${text.slice(0, 500)}`);
  }
  await logIn(origin, DEMO_PEOPLE.attendee);
  const { accessToken } = await logIn(origin, DEMO_PEOPLE.organizer);

  if (note.organizerId === undefined) {
    const draft = { name: "Bilten Demo", slug: DEMO_SLUG };
    remember("organizerId", read(WithId, "The organizer", await call(origin, "POST", "/organizers", draft, accessToken)).id);
  }
  if (await eventOnSale(origin, note.eventId, accessToken)) return;
  const draft = demoEvent(note.organizerId ?? "");
  const { id } = read(WithId, "The event", await call(origin, "POST", "/events", draft, accessToken));
  read(z.unknown(), "Publishing", await call(origin, "POST", `/events/${id}/publish`, undefined, accessToken));
  remember("eventId", id);
}

if (isMain(import.meta.url)) {
  const origin = `http://127.0.0.1:${process.env.PORT ?? "8787"}`;
  await seed(origin);
  console.log(`The demo data is there: ${origin}`);
}
