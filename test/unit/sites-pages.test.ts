import { describe, expect, it } from "vitest";
import type { AvailableTicketType } from "../../shared/contracts/events";
import { eventPage, isShown, saleNote } from "../../workers/sites/event-page";
import { eventPath } from "../../workers/sites/event-path";
import { listPage } from "../../workers/sites/list-page";
import { pageResponse, pictureOrigin } from "../../workers/sites/page";
import type { Site } from "../../workers/sites/site";
import { fontStack, styleOf } from "../../workers/sites/style";
import { publishedEvent } from "../support/published-event";

const HOSTILE = `"><script>alert(1)</script>'`;
const event = publishedEvent();
const site: Site = {
  organizer: {
    id: event.organizerId,
    name: "Blue Note",
    slug: "blue-note",
    createdAt: event.createdAt,
    updatedAt: event.createdAt,
  },
  brand: {
    organizerId: event.organizerId,
    primaryColor: "#fde047",
    secondaryColor: "#1c1917",
    logoUrl: null,
    faviconUrl: null,
    logo: null,
    favicon: null,
    cover: null,
    fontFamily: "system-ui",
    tagline: null,
    links: [],
    customCSS: "",
    contrast: { primaryOnWhite: 1.31, secondaryOnWhite: 17.48, textOnPrimary: "#000000", textOnSecondary: "#ffffff" },
    updatedAt: null,
  },
};
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
      listPage({ ...site, organizer }, [hostile]),
    ];
    for (const page of pages) {
      const text = await (await pageResponse({ ...site, organizer }, page)).text();
      expect(text).not.toContain("<script");
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
    expect(saleNote({ ...type, status: "sold_out" }, "UTC")).toBe("Sold out");
    expect(saleNote({ ...type, status: "scheduled", saleStart: "2027-06-05T17:30:00Z" }, "Europe/Vienna")).toContain(
      "19:30 CEST",
    );
  });

  it("sells nothing of a cancelled event", async () => {
    const text = await (await pageResponse(site, eventPage(site, { ...event, status: "cancelled" }, [type]))).text();
    expect(text).toContain("This event is cancelled.");
    expect(text).not.toContain("12 left");
  });

  it("is there for the organizer's own public events alone", () => {
    expect(isShown(event, event.organizerId)).toBe(true);
    expect(isShown(event, crypto.randomUUID())).toBe(false);
    expect(isShown({ ...event, status: "draft" }, event.organizerId)).toBe(false);
    expect(isShown({ ...event, settings: { ...event.settings, isPublic: false } }, event.organizerId)).toBe(false);
  });

  it("has a path that people can read, whatever the title", () => {
    expect(eventPath({ id: "1", title: "Café & Bar: Die große Nacht!" })).toBe("/e/1/cafe-bar-die-gro-e-nacht");
    expect(eventPath({ id: "1", title: "夜の音楽" })).toBe("/e/1");
  });
});

describe("a brand on the page", () => {
  it("the browser takes the page's own style sheet and no other, and no script", async () => {
    const answer = await pageResponse(site, listPage(site, []));
    const policy = answer.headers.get("content-security-policy") ?? "";
    const style = /<style>([\s\S]*)<\/style>/.exec(await answer.text())?.[1] ?? "";
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style))).toString("base64");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'sha256-${hash}'`);
    expect(policy).not.toContain("script-src");
    expect(policy).not.toContain("img-src");
  });

  it("pale colours get dark text, and links that can be read", () => {
    expect(styleOf(site.brand)).toContain("--brand:#fde047;--on-brand:#000000;--link:#000000;--heading:#1c1917");
  });

  it("font names stay font names", () => {
    expect(fontStack(`Georgia, 'Open Sans", serif`)).toBe('"Georgia", "Open Sans", serif, system-ui, sans-serif');
    expect(fontStack("'")).toBe("system-ui, sans-serif");
  });

  it("a picture's host cannot bring a rule of its own into the policy", () => {
    expect(pictureOrigin("https://cdn.bilten.example/logo.svg?x=;script-src *")).toBe("https://cdn.bilten.example");
    expect(pictureOrigin("https://a;sandbox/logo.svg")).toBeNull();
    expect(pictureOrigin(null)).toBeNull();
  });
});
