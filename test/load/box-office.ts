/** An organizer with an event on sale, made through the public API like anybody's. */
import { randomUUID } from "node:crypto";

export const PASSWORD = "correct-horse-battery";
const MAIL_WITHIN_MS = 15_000;
const DAY_MS = 86_400_000;

interface Json {
  [name: string]: unknown;
}

async function call(url: string, method: string, body?: unknown, token?: string): Promise<Json> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === "" ? {} : (JSON.parse(text) as Json);
}

async function verificationToken(origin: string, email: string): Promise<string> {
  const deadlineMs = Date.now() + MAIL_WITHIN_MS;
  while (Date.now() < deadlineMs) {
    const { data } = await call(`${origin}/dev/outbox?to=${encodeURIComponent(email)}`, "GET");
    const [mail] = data as { data?: { token?: string } }[];
    if (mail?.data?.token) return mail.data.token;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("no verification mail");
}

export interface BoxOffice {
  token: string;
  /** Whose account it is; the password is `PASSWORD`. */
  email: string;
  organizerId: string;
  /** A new event on sale with one type, `quantity` tickets at 25.00 EUR. */
  publish(quantity: number): Promise<{ eventId: string; ticketTypeId: string }>;
}

export async function openBoxOffice(origin: string): Promise<BoxOffice> {
  const email = `bench-${randomUUID()}@people.example`;
  await call(`${origin}/auth/register`, "POST", { email, password: PASSWORD, name: "Bench Organizer" });
  await call(`${origin}/auth/verify-email`, "POST", { token: await verificationToken(origin, email) });
  const token = String((await call(`${origin}/auth/login`, "POST", { email, password: PASSWORD })).accessToken);
  const organizer = await call(
    `${origin}/organizers`,
    "POST",
    { name: "Bench", slug: `bench-${randomUUID().slice(0, 13)}` },
    token,
  );
  return {
    token,
    email,
    organizerId: String(organizer.id),
    publish: async (quantity) => {
      const startMs = Date.now() + 30 * DAY_MS;
      const draft = {
        organizerId: organizer.id,
        title: "A rush",
        description: "Everybody comes at ten.",
        category: "Music",
        startDate: new Date(startMs).toISOString(),
        endDate: new Date(startMs + 3_600_000).toISOString(),
        timezone: "Europe/Vienna",
        location: { venue: "Hall", address: "Ring 1", city: "Vienna", country: "AT", coordinates: { lat: 48.2, lng: 16.37 } },
        capacity: quantity,
        ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity }],
      };
      const event = await call(`${origin}/events`, "POST", draft, token);
      await call(`${origin}/events/${event.id}/publish`, "POST", undefined, token);
      const [ticketType] = event.ticketTypes as { id: string }[];
      if (!ticketType) throw new Error("no ticket type");
      return { eventId: String(event.id), ticketTypeId: ticketType.id };
    },
  };
}
