/** What people who wait are written, while it is true. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import type { WaitlistLetter } from "../../shared/contracts/waitlist";
import { handlerOf } from "../../shared/queue/consume";
import { countOwed } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import type { WaitlistOccasion } from "../../workers/notifications/waitlist-mails";
import { ctx, envelopeOf, event, house, mails } from "../support/notifications-room";

afterEach(() => reset());

const TYPE_ID = "0197f3c2-1111-7c11-8b2a-1a2b3c4d5e01";
const STATES = { joined: "waiting", offered: "offered", ended: "ended" } as const;

function letter(occasion: WaitlistOccasion, entryId: string, change: Partial<WaitlistLetter> = {}): WaitlistLetter {
  const offer = {
    ticketTypeId: TYPE_ID,
    name: "Stalls",
    quantity: 2,
    seats: [
      { id: "a-1", label: "Stalls · Row A · Seat 1" },
      { id: "a-2", label: "Stalls · Row A · Seat 2" },
    ],
    offeredAt: event.createdAt,
    expiresAt: "2027-05-03T10:00:00.000Z",
  };
  return {
    entry: {
      id: entryId,
      eventId: event.id,
      state: STATES[occasion],
      ticketTypeIds: [TYPE_ID],
      quantity: 2,
      priority: 0,
      email: "ada@bilten.example",
      name: "Ada",
      joinedAt: event.createdAt,
      offer: occasion === "offered" ? offer : null,
    },
    organizerId: event.organizerId,
    email: "ada@bilten.example",
    name: "Ada",
    language: "en",
    secret: "bw_secret",
    ...change,
  };
}

/** Says it twice, and sends what is owed. */
async function tell(occasion: WaitlistOccasion, told: (entryId: string) => WaitlistLetter | null, status = event.status) {
  await applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications);
  const { here } = house({
    EVENTS: {
      events: async () => [{ ...event, status }],
      waitlistLetters: async (asked) => asked.map(({ entryId }) => told(entryId)),
    },
  });
  const type = `waitlist.${occasion}` as const;
  const entryId = crypto.randomUUID();
  const data = { entryId, eventId: event.id, organizerId: event.organizerId };
  for (let times = 0; times < 2; times++)
    await handlerOf(messageHandlers, type)(here, { ...envelopeOf, type, subject: entryId, data });
  expect(await dispatchDue(here, ctx)).toBe(1);
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
  return entryId;
}

it.each([
  ["en", "joined", ["You are on the waiting list for Jazz", "2 tickets", "leave the list by this link"]],
  ["de", "joined", ["Sie stehen auf der Warteliste für Jazz", "2 Tickets", "verlassen Sie die Liste"]],
  ["en", "offered", ["It is your turn", "2 × Stalls", "Row A · Seat 2", "until Monday", "Accept or decline"]],
  [
    "de",
    "offered",
    ["Sie sind an der Reihe", "2 Stück Stalls", "Row A · Seat 2", "Montag, 3. Mai 2027", "Annehmen oder ablehnen"],
  ],
] as const)("in %s who has %s reads what it means and what to do", async (language, occasion, said) => {
  const entryId = await tell(occasion, (id) => letter(occasion, id, { language }));
  const [mail, ...others] = await mails();
  expect(others).toEqual([]);
  for (const words of said) expect(`${mail?.subject}\n${mail?.text}`).toContain(words);
  expect(mail?.text).toContain(`http://blue-note.localhost:8787/w/${event.id}/${entryId}?token=bw_secret`);
  expect(mail).toMatchObject({ to: "ada@bilten.example", data: { type: `waitlist_${occasion}` } });
});

it("a guest is asked to confirm his address, and is told that he has no place before", async () => {
  const unconfirmed = (id: string) => {
    const asked = letter("joined", id);
    return { ...asked, entry: { ...asked.entry, state: "unconfirmed" as const } };
  };
  const entryId = await tell("joined", unconfirmed);
  const [mail] = await mails();
  expect(mail?.subject).toContain("Please confirm");
  expect(mail?.text).toContain("Before that you are not on the list");
  expect(mail?.text).not.toContain("has put you on the waiting list");
  expect(mail?.text).toContain(`/w/${event.id}/${entryId}?token=bw_secret`);
});

it("who waits no more reads why, and is given no link", async () => {
  await tell("ended", (id) => letter("ended", id), "cancelled");
  expect((await mails())[0]?.text).toContain("Blue Note had to cancel Jazz");
  await reset();
  await tell("ended", (id) => letter("ended", id));
  const [mail] = await mails();
  expect(mail?.text).toContain("no longer on the waiting list for Jazz <b>& more</b>");
  expect(mail?.text).not.toContain("/w/");
});

it("a name that reads like an address greets nobody", async () => {
  await tell("joined", (id) => letter("joined", id, { name: "win.example/now" }));
  expect((await mails())[0]?.text).toMatch(/^Hello,/);
});

it.each([
  ["has left", () => null],
  [
    "has declined",
    (id: string) => ({ ...letter("offered", id), entry: { ...letter("offered", id).entry, state: "declined" as const } }),
  ],
  [
    "has accepted",
    (id: string) => ({ ...letter("offered", id), entry: { ...letter("offered", id).entry, state: "accepted" as const } }),
  ],
] as const)("who %s meanwhile is not written of an offer", async (_, told) => {
  await tell("offered", told);
  expect(await mails()).toEqual([]);
});
