import { describe, expect, it } from "vitest";
import { contrast } from "../../shared/color/contrast";
import { FONTS } from "../../shared/contracts/branding";
import type { AvailableTicketType, PublishedEvent } from "../../shared/contracts/events";
import type { PublicEventsPage } from "../../shared/contracts/events-rpc";
import type { Env } from "../../workers/sites/environment";
import { eventPage, isShown } from "../../workers/sites/event-page";
import { eventPath } from "../../workers/sites/event-path";
import { listPage } from "../../workers/sites/list-page";
import { type Listing, readListing } from "../../workers/sites/listing";
import { pageResponse } from "../../workers/sites/page";
import { pictureOrigin } from "../../workers/sites/policy";
import { readChoice } from "../../workers/sites/reserving";
import { fontStack, styleOf } from "../../workers/sites/style";
import { accessibleField, quantityField, saleNote } from "../../workers/sites/ticket-form";
import { languageFor } from "../../workers/sites/words";
import { brandedSite } from "../support/branded-site";
import { publishedEvent } from "../support/published-event";

const HOSTILE = `"><script>alert(1)</script>'`;
const event = publishedEvent();
const site = brandedSite();
const type: AvailableTicketType = {
  id: crypto.randomUUID(),
  eventId: event.id,
  name: "Standing",
  price: { amount: 2500, currency: "EUR" },
  quantity: 50,
  minPerOrder: 1,
  maxPerOrder: 10,
  available: 12,
  status: "on_sale",
};

const listing = (events: PublishedEvent[], over: Partial<Listing> = {}): Listing => ({
  query: "",
  events,
  nextCursor: null,
  isContinued: false,
  ...over,
});

describe("an event's page", () => {
  it("shows what anybody wrote as text", async () => {
    const hostile = publishedEvent({
      title: HOSTILE,
      description: HOSTILE,
      location: { ...event.location, venue: HOSTILE },
      ticketTypes: [type],
    });
    const organizer = { ...site.organizer, name: HOSTILE };
    const pages = [
      eventPage({ ...site, organizer }, hostile, [{ ...type, name: HOSTILE, description: HOSTILE }]),
      listPage({ ...site, organizer }, listing([hostile])),
    ];
    for (const page of pages) {
      const text = await (await pageResponse({ ...site, organizer }, page)).text();
      expect(text).not.toContain("<script>");
      expect(text).toContain("&lt;script&gt;");
      expect(text).not.toMatch(/content="">/);
    }
  });

  it("says what is left of each type, and keeps hidden ones to itself", async () => {
    const text = await (
      await pageResponse(site, eventPage(site, event, [type, { ...type, name: "Backstage", status: "hidden" }]))
    ).text();
    expect(text).toContain("12 left");
    expect(text).toContain("€25.00");
    expect(text).not.toContain("Backstage");
    expect(saleNote({ ...type, status: "sold_out" }, "UTC", site.language)).toBe("Sold out");
    const scheduled = { ...type, status: "scheduled", saleStart: "2027-06-05T17:30:00Z" } as const;
    expect(saleNote(scheduled, "Europe/Vienna", site.language)).toContain("19:30 CEST");
    expect(saleNote(scheduled, "Europe/Vienna", languageFor("fr;q=1, de-AT;q=0.8, en;q=0.5"))).toContain("Verkauf ab Samstag");
  });

  it("sells nothing of a cancelled event, and says why", async () => {
    const called: PublishedEvent = { ...event, status: "cancelled", cancelReason: "The <river> rose." };
    const text = await (await pageResponse(site, eventPage(site, called, [type]))).text();
    expect(text).toContain("This event is cancelled.");
    expect(text).toContain("The organizer says: The &lt;river&gt; rose.");
    expect(text).not.toContain("12 left");
  });

  it("tells what is held from what is sold", async () => {
    const gone = { ...type, available: 0, status: "sold_out" } as const;
    const said = async (types: AvailableTicketType[]) => (await pageResponse(site, eventPage(site, event, types))).text();
    expect(await said([{ ...gone, reserved: 0 }])).toContain("All tickets are sold out.");
    const held = await said([{ ...gone, reserved: 2 }]);
    expect(held).toContain("All tickets are reserved at the moment. Some may come back in a few minutes.");
    expect(held).toContain("All reserved at the moment</span>");
    expect(held).not.toContain("sold out");
  });

  it("says what a buyer gets back, before he chooses", async () => {
    const said = async (refundPolicy: string) =>
      (await pageResponse(site, eventPage(site, { ...event, settings: { ...event.settings, refundPolicy } }, [type]))).text();
    expect(await said("organizer")).toContain("The organizer decides about refunds.");
    expect(await said("Until a week <before>.")).toContain("Until a week &lt;before&gt;.");
  });

  it("turns no line round for a name of old", async () => {
    const turned = publishedEvent({ title: "Jazz \u202eecalevol\u2066 night", ticketTypes: [type] });
    const text = await (await pageResponse(site, eventPage(site, turned, [type]))).text();
    expect(text).toContain("<h1>Jazz ecalevol night</h1>");
  });

  it("is there for the organizer's own public events alone", () => {
    expect(isShown(event, event.organizerId)).toBe(true);
    expect(isShown(event, crypto.randomUUID())).toBe(false);
    expect(isShown({ ...event, status: "draft" }, event.organizerId)).toBe(false);
    expect(isShown({ ...event, settings: { ...event.settings, isPublic: false } }, event.organizerId)).toBe(false);
  });

  it("tells search engines what it is, and no text of it ends the element", async () => {
    const hostile = publishedEvent({ title: "</script><script>alert(1)", ticketTypes: [type] });
    const text = await (await pageResponse(site, eventPage(site, hostile, [type]))).text();
    const [, json = ""] = /<script type="application\/ld\+json">(.*?)<\/script>/.exec(text) ?? [];
    expect(JSON.parse(json)).toMatchObject({
      "@type": "Event",
      name: hostile.title,
      startDate: "2027-06-05T19:30:00+02:00",
      offers: [{ price: "25.00", priceCurrency: "EUR", availability: "https://schema.org/InStock" }],
    });
    expect(text).toContain(`<meta property="og:url" content="${site.origin}/e/${event.id}/script-script-alert-1">`);
  });

  it("has a path that people can read, whatever the title", () => {
    expect(eventPath({ id: "1", title: "Café & Bar: Die große Nacht!" })).toBe("/e/1/cafe-bar-die-gro-e-nacht");
    expect(eventPath({ id: "1", title: "夜の音楽" })).toBe("/e/1");
  });
});

describe("a list of more events than one page", () => {
  const startOf = (index: number) => new Date(Date.parse(event.startDate) + (index >> 1) * 86_400_000).toISOString();
  // Two of them begin at the same moment each time, as the hands of a clock do.
  const all = Array.from({ length: 45 }, (_, index) =>
    publishedEvent({ id: crypto.randomUUID(), startDate: startOf(index) }),
  ).sort((a, b) => Date.parse(a.startDate) - Date.parse(b.startDate) || (a.id < b.id ? -1 : 1));
  const isBehind = ({ id, startDate }: PublishedEvent, [startMs, lastId]: readonly [number, string]) =>
    Date.parse(startDate) > startMs || (Date.parse(startDate) === startMs && id > lastId);
  const env = {
    EVENTS: {
      publicEvents: async (_: string, { after, limit }: PublicEventsPage) =>
        all.filter((one) => !after || isBehind(one, after)).slice(0, limit),
      eventsWithoutTickets: async (ids: string[]) => ids.slice(0, 2).map((id, index) => ({ id, mayComeBack: index === 1 })),
    },
    SEARCH: { eventsThatFit: async () => null },
  } as unknown as Env;

  it("shows each of them once, page by page, by the links that the pages have", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 1; ; pages++) {
      const found = await readListing(env, event.organizerId, { cursor });
      if (!found) throw new Error("no page");
      seen.push(...found.events.map(({ id }) => id));
      const text = await (await pageResponse(site, listPage(site, found))).text();
      const next = /rel="next" href="([^"]+)"/.exec(text)?.[1];
      expect(text.includes('href="/">Back to the first')).toBe(pages > 1);
      expect([text.match(/Sold out/g)?.length, text.match(/All reserved at the moment/g)?.length]).toEqual([1, 1]);
      if (next === undefined) break;
      cursor = new URLSearchParams(next.slice(2)).get("cursor") ?? undefined;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
  });

  it("has no page for a cursor of its reader's own", async () => {
    expect(await readListing(env, event.organizerId, { cursor: "x" })).toBeNull();
    expect(await readListing(env, event.organizerId, { q: "jazz", cursor: "x" })).toBeNull();
  });

  it("keeps what was asked on the way to the next page, and says no number that it does not know", async () => {
    const text = await (
      await pageResponse(site, listPage(site, listing(all.slice(0, 20), { query: 'a&b "c"', nextCursor: "n-x" })))
    ).text();
    expect(text).toContain('href="/?q=a%26b+%22c%22&amp;cursor=n-x"');
    expect(text).toContain("These fit");
    expect(text).not.toContain("20 events fit");
  });
});

describe("a brand on the page", () => {
  it("the browser takes this answer's own style and script and no other", async () => {
    const [answer, again] = await Promise.all([
      pageResponse(site, listPage(site, listing([]))),
      pageResponse(site, listPage(site, listing([]))),
    ]);
    const policy = answer.headers.get("content-security-policy") ?? "";
    const text = await answer.text();
    const [, nonce = ""] = /script-src 'nonce-([\w+/=]{24})'/.exec(policy) ?? [];
    expect(policy).toContain(`default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'`);
    expect(policy).not.toMatch(/unsafe|img-src|stripe/);
    expect(text.match(/<(?:script|style)[^>]*>/g)).toEqual([`<style nonce="${nonce}">`, `<script nonce="${nonce}">`]);
    expect(text).not.toMatch(/ on\w+=| style=/);
    expect(again.headers.get("content-security-policy")).not.toBe(policy);
  });

  it("pale colours get dark text, and links that can be read", () => {
    expect(styleOf(site.brand)).toContain("--brand:#fde047;--on-brand:#000000;--edge:#71717a;--link:#000000;--heading:#1c1917");
  });

  it("links can be read on paper and on what is a little darker", () => {
    for (const primaryColor of ["#dc2626", "#e11d48", "#db2777", "#b91c1c", "#767676"]) {
      const sheet = styleOf({ ...site.brand, primaryColor, secondaryColor: primaryColor });
      const [, wash = ""] = /--wash:(#\w{6})/.exec(sheet) ?? [];
      for (const name of ["link", "heading"]) {
        const [, color = ""] = new RegExp(`--${name}:(#\\w{6})`).exec(sheet) ?? [];
        for (const ground of [wash, "#ffffff"]) expect(contrast(color, ground), primaryColor).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("font names stay font names", () => {
    expect(fontStack(`Georgia, 'Open Sans", serif`)).toBe('"Georgia", "Open Sans", serif, system-ui, sans-serif');
    expect(fontStack("cursive, ui-monospace")).toBe("cursive, ui-monospace, system-ui, sans-serif");
    for (const name of FONTS.filter((font) => /^[a-z-]+$/.test(font))) expect(fontStack(name)).not.toContain('"');
    expect(fontStack("'")).toBe("system-ui, sans-serif");
  });

  it("a picture's host cannot bring a rule of its own into the policy", () => {
    expect(pictureOrigin("https://cdn.bilten.example/logo.svg?x=;script-src *")).toBe("https://cdn.bilten.example");
    expect(pictureOrigin("https://a;sandbox/logo.svg")).toBeNull();
    expect(pictureOrigin(null)).toBeNull();
    expect(pictureOrigin("/branding/assets/0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f")).toBe("'self'");
  });
});

describe("the choice of seats", () => {
  const seated: AvailableTicketType = {
    ...type,
    id: crypto.randomUUID(),
    name: "Seat",
    seatCategories: ["front"],
    maxPerOrder: 100,
    available: 500,
  };
  const choose = (fields: Record<string, string>) => readChoice(new URLSearchParams(fields), [seated, type], site);

  it("offers no more than are looked for together, with the map, and accessible seats to those who ask", async () => {
    const text = await (await pageResponse(site, eventPage(site, event, [seated, type]))).text();
    expect(text).toContain("<option>20</option>");
    expect(text).not.toContain("<option>21</option>");
    expect(text).toContain(`<img src="/events/${event.id}/seats?format=svg"`);
    expect(text).toContain(`id="${accessibleField(seated.id)}"`);
    const unseated = await pageResponse(site, eventPage(site, event, [type]));
    expect(unseated.headers.get("content-security-policy")).not.toContain("img-src");
    expect(await unseated.text()).not.toContain("/seats");
  });

  it("takes a number of seats and how many of them are accessible, and says what does not fit", () => {
    const field = quantityField(seated.id);
    const wish = accessibleField(seated.id);
    expect(choose({ [field]: "3", [wish]: "1" })).toEqual({
      quantities: { [seated.id]: "3" },
      accessible: { [seated.id]: "1" },
      faults: [],
    });
    expect(choose({ [field]: "3", [wish]: "0" }).accessible).toEqual({});
    for (const typed of ["4", "-1", "1.5", "all"])
      expect(choose({ [field]: "3", [wish]: typed }).faults.map((fault) => fault.field)).toEqual([wish]);
    expect(choose({ [field]: "21" }).faults.map((fault) => fault.field)).toEqual([field]);
  });
});
