/** The picture of an event's figures, drawn inside workerd. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { contrast } from "../../shared/color/contrast";
import type { BrandSettings } from "../../shared/contracts/branding";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Language } from "../../shared/locale/languages";
import type { Metric } from "../../workers/analytics/answers";
import { chartOf } from "../../workers/analytics/chart";
import type { Interval } from "../../workers/analytics/local-periods";
import { countOrders } from "../../workers/analytics/sales";
import { publishedEvent } from "../support/published-event";

const NOW_MS = Date.parse("2027-07-01T12:00:00Z");
const db = bindings.ANALYTICS_DB;
const event = publishedEvent({
  ticketTypes: [
    {
      id: crypto.randomUUID(),
      eventId: publishedEvent().id,
      name: "Standing",
      price: { amount: 2500, currency: "EUR" },
      quantity: 50,
      minPerOrder: 1,
      maxPerOrder: 10,
    },
  ],
});

beforeEach(() => applyD1Migrations(db, bindings.MIGRATIONS.analytics));
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const sell = (at: string, totalMinor: number, of: PublishedEvent = event) =>
  countOrders(
    db,
    [
      {
        orderId: crypto.randomUUID(),
        eventId: of.id,
        organizerId: of.organizerId,
        totalMinor,
        currency: "EUR",
        ticketCount: 2,
        paidAtMs: Date.parse(at),
      },
    ],
    NOW_MS,
  );

interface Asked {
  of?: PublishedEvent;
  metric?: Metric;
  interval?: Interval;
  language?: Language;
  brand?: Partial<BrandSettings>;
}
function draw({ of = event, metric = "revenue", interval = "day", language = "en", brand = {} }: Asked = {}): Promise<string> {
  const settings = { primaryColor: "#7c2d12", secondaryColor: "#065f46", fontFamily: "Georgia", ...brand } as BrandSettings;
  const env = { DB: db, ENVIRONMENT: "development", BRANDING: { settingsOf: async () => [settings] } } as never;
  return chartOf(env, of, { metric, interval }, language, NOW_MS);
}

/** Bars are the shapes in the bars' colour. */
const barsIn = (svg: string, color: string): number => svg.match(new RegExp(`<path [^>]*fill="${color}"`, "g"))?.length ?? 0;
const descriptionOf = (svg: string) => svg.match(/<desc id="chart-description">(.*?)<\/desc>/s)?.[1];

test("a chart has a name, a description with its sum and its peak, and a bar for each day on which something was sold", async () => {
  await sell("2027-06-01T10:00:00Z", 5000);
  await sell("2027-06-04T10:00:00Z", 123_456);
  const svg = await draw();
  expect(svg).toMatch(/^<svg role="img" aria-labelledby="chart-title" aria-describedby="chart-description" /);
  expect(svg).toContain('<title id="chart-title">Revenue by day</title>');
  expect(descriptionOf(svg)).toBe(
    "Revenue by day, An evening at the Blue Note, 1 June 2027 to 4 June 2027: €1,284.56 in all, most at 4 June 2027 with €1,234.56.",
  );
  for (const label of ["1 Jun", "2 Jun", "4 Jun", "€1,284.56", "net of refunds"]) expect(svg).toContain(`>${label}</text>`);
  expect(svg).toContain("Georgia");
  expect(barsIn(svg, "#7c2d12")).toBe(2);

  const hours = await draw({ metric: "tickets", interval: "hour", language: "de" });
  expect(descriptionOf(hours)).toContain("zusammen 4, am meisten 1. Juni 2027 um 12:00 mit 2.");
  expect(hours).toContain(">Verkaufte Tickets nach Stunden</text>");
});

test("an event of which there is nothing says so instead of bars", async () => {
  const svg = await draw({ metric: "checkIns" });
  expect(svg).toContain(">Nothing to show yet</text>");
  expect(descriptionOf(svg)).toBe("Check-ins by day, An evening at the Blue Note: Nothing to show yet.");
});

test("bars stand out from the paper, whatever the organizer's colours are", async () => {
  await sell("2027-06-01T10:00:00Z", 5000);
  const pale = await draw({ brand: { primaryColor: "#fef9c3" } });
  expect(barsIn(pale, "#065f46")).toBe(1);
  expect(pale).not.toContain("#fef9c3");
  const paler = await draw({ brand: { primaryColor: "#fef9c3", secondaryColor: "red" } });
  expect(barsIn(paler, "#fef9c3")).toBe(0);
  expect(contrast("#52525b", "#ffffff")).toBeGreaterThan(4.5);
  expect(paler).not.toContain('"red"');
});

test("what an organizer writes is text, never a part of the picture", async () => {
  const of = { ...event, title: `</title><script>alert(1)</script><img src=x onerror="a">&"'` };
  await sell("2027-06-01T10:00:00Z", 5000, of);
  const svg = await draw({ of, brand: { fontFamily: `x" onload="alert(1)` } });
  expect(svg).not.toMatch(/<script|<img|<[^>]*\son(error|load)=/i);
  expect(svg).toContain("&lt;/title&gt;&lt;script&gt;");
});

test("a long sale shows its latest days", async () => {
  await sell("2027-01-01T10:00:00Z", 100);
  await sell("2027-06-30T10:00:00Z", 200);
  expect(descriptionOf(await draw())).toContain("31 March 2027 to 30 June 2027: €2.00 in all");
});
