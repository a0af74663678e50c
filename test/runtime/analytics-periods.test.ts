/** Hours and days as they are at the event, whatever its clocks do. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { TicketType } from "../../shared/contracts/events";
import type { Message } from "../../shared/queue/consume";
import { recordAdmissions } from "../../workers/analytics/admissions";
import { figuresByPeriod, summarize } from "../../workers/analytics/figures";
import { type Interval, LocalPeriods } from "../../workers/analytics/local-periods";
import { publishedEvent } from "../support/published-event";

const db = env.ANALYTICS_DB;
const QUARTER_MS = 900_000;
const standing: TicketType = {
  id: crypto.randomUUID(),
  eventId: publishedEvent().id,
  name: "Standing",
  price: { amount: 2500, currency: "EUR" },
  quantity: 50,
  minPerOrder: 1,
  maxPerOrder: 10,
};
const event = publishedEvent({ ticketTypes: [standing] });

beforeEach(() => applyD1Migrations(db, env.MIGRATIONS.analytics));
afterEach(() => reset());

const counted = (version: number, quarters: [string, number][]): Message<"admissions.counted"> => ({
  id: crypto.randomUUID(),
  type: "admissions.counted",
  subject: `${event.id}/admissions`,
  version,
  timeMs: 0,
  traceparent: undefined,
  data: {
    eventId: event.id,
    organizerId: event.organizerId,
    quarters: quarters.map(([at, admitted]) => ({ startsAtMs: Date.parse(at), admitted })),
    asOfMs: 0,
  },
});

const lengths = (from: string, to: string, zone: string, interval: Interval) => {
  const endMs = Date.parse(to);
  const periods = new LocalPeriods(zone).between(Date.parse(from), endMs - QUARTER_MS, interval);
  return periods.map(({ name, startsAtMs }, index) => [
    name,
    ((periods[index + 1]?.startsAtMs ?? endMs) - startsAtMs) / QUARTER_MS / 4,
  ]);
};

it("a day on which the clocks change has 23 or 25 hours, also where they change at midnight or by half an hour", () => {
  expect(lengths("2027-03-26T23:00:00Z", "2027-03-29T22:00:00Z", "Europe/Vienna", "day")).toEqual([
    ["2027-03-27", 24],
    ["2027-03-28", 23],
    ["2027-03-29", 24],
  ]);
  expect(lengths("2027-10-30T22:00:00Z", "2027-10-31T23:00:00Z", "Europe/Vienna", "day")).toEqual([["2027-10-31", 25]]);
  expect(lengths("2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z", "Africa/Cairo", "day")).toEqual([["2026-04-24", 23]]);
  expect(lengths("2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z", "Australia/Lord_Howe", "day")).toEqual([["2026-10-04", 23.5]]);
});

it("an hour that comes twice has two names, one that is skipped none, and hours begin where the zone's do", () => {
  expect(lengths("2027-10-30T23:00:00Z", "2027-10-31T03:00:00Z", "Europe/Vienna", "hour")).toEqual([
    ["2027-10-31T01:00:00+02:00", 1],
    ["2027-10-31T02:00:00+02:00", 1],
    ["2027-10-31T02:00:00+01:00", 1],
    ["2027-10-31T03:00:00+01:00", 1],
  ]);
  expect(lengths("2027-03-28T00:00:00Z", "2027-03-28T02:00:00Z", "Europe/Vienna", "hour")).toEqual([
    ["2027-03-28T01:00:00+01:00", 1],
    ["2027-03-28T03:00:00+02:00", 1],
  ]);
  expect(lengths("2027-06-01T12:30:00Z", "2027-06-01T14:30:00Z", "Asia/Kolkata", "hour")).toEqual([
    ["2027-06-01T18:00:00+05:30", 1],
    ["2027-06-01T19:00:00+05:30", 1],
  ]);
  expect(lengths("2027-06-01T12:15:00Z", "2027-06-01T13:15:00Z", "Asia/Kathmandu", "hour")).toEqual([
    ["2027-06-01T18:00:00+05:45", 1],
  ]);
  expect(lengths("2026-10-03T14:30:00Z", "2026-10-03T16:00:00Z", "Australia/Lord_Howe", "hour")).toEqual([
    ["2026-10-04T01:00:00+10:30", 1],
    ["2026-10-04T02:30:00+11:00", 0.5],
  ]);
});

it("who was let in is counted in the hour and on the day of the event's zone, as it was told last", async () => {
  const vienna = { ...event, timezone: "Europe/Vienna" };
  await recordAdmissions(db, [
    counted(2, [
      ["2027-10-31T00:45:00Z", 4],
      ["2027-10-31T01:00:00Z", 3],
    ]),
    counted(1, [["2027-10-31T00:45:00Z", 1]]),
  ]);
  await recordAdmissions(db, [counted(3, [["2027-10-31T01:15:00Z", 2]])]);
  await recordAdmissions(db, [counted(1, [["2027-10-31T00:45:00Z", 1]])]);
  const read = async (interval: Interval, at = vienna) =>
    (await figuresByPeriod(db, at, { interval, to: "2027-11-02" }, 0)).map(({ name, checkIns }) => [name, checkIns]);
  expect(await read("hour")).toEqual([
    ["2027-10-31T02:00:00+02:00", 4],
    ["2027-10-31T02:00:00+01:00", 5],
  ]);
  expect(await read("day")).toEqual([["2027-10-31", 9]]);
  expect(await read("hour", { ...event, timezone: "Asia/Kolkata" })).toEqual([["2027-10-31T06:00:00+05:30", 9]]);
  expect((await summarize(db, vienna)).checkIns).toBe(9);
});

it("every quarter of a year lies in one hour of one day, in the zones that are hardest", () => {
  const fromMs = Date.parse("2026-01-01T00:00:00Z");
  for (const zone of ["Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca", "Pacific/Chatham"]) {
    const local = new LocalPeriods(zone);
    const plain = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
    for (let ms = fromMs; ms < fromMs + 365 * 24 * 4 * QUARTER_MS; ms += 7 * QUARTER_MS) {
      expect(local.day(ms)).toBe(plain.format(ms));
      const hour = local.of(ms, "hour");
      expect(Date.parse(hour.name)).toBe(hour.startsAtMs);
      expect((ms - hour.startsAtMs) / QUARTER_MS).toBeLessThan(4);
    }
  }
});

it("a year of quarters costs a few looks at the clock each, not a walk to the start of its day", () => {
  const local = new LocalPeriods("Europe/Vienna");
  const fromMs = Date.parse("2027-01-01T00:00:00Z");
  const quarters = 365 * 96;
  const looks = vi.spyOn(Date.prototype, "toISOString");
  for (let quarter = 0; quarter < quarters; quarter++) local.of(fromMs + quarter * QUARTER_MS, "day");
  expect(looks.mock.calls.length).toBeLessThan(3 * quarters);
  looks.mockRestore();
});
