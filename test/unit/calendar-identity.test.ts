import ical from "ical.js";
import { expect, it } from "vitest";
import { calendarSequence, calendarUid } from "../../shared/locale/appointment";
import { calendarFile } from "../../workers/notifications/calendar";
import { WORDS } from "../../workers/notifications/words";
import { calendarText } from "../../workers/sites/calendar";
import { brandedSite } from "../support/branded-site";
import { publishedEvent } from "../support/published-event";

const event = publishedEvent();

it("an event stays one entry of a calendar, and each change of it replaces what was there before", () => {
  const at = (seconds: number) => new Date(Date.parse(event.createdAt) + seconds * 1000).toISOString();
  const announced = { ...event, updatedAt: at(0) };
  const moved = { ...event, updatedAt: at(60) };
  const off = { ...moved, status: "cancelled" as const };
  expect([announced, moved, off].map(calendarSequence)).toEqual([0, 60, 61]);
  expect(new Set([announced, moved, off].map(calendarUid))).toEqual(new Set([event.id]));
});

it("the page's file says so, and leads to a page that there is", () => {
  const entryOf = (shown: typeof event) => {
    const component = new ical.Component(ical.parse(calendarText(brandedSite(), shown))).getFirstSubcomponent("vevent");
    return new ical.Event(component ?? undefined);
  };
  const entry = entryOf(event);
  expect([entry.uid, entry.sequence]).toEqual([calendarUid(event), calendarSequence(event)]);
  const hidden = entryOf({ ...event, settings: { ...event.settings, isPublic: false } });
  expect(hidden.component.getFirstPropertyValue("url")).toBe("https://blue-note.sites.bilten.example/");
  expect(entry.component.getFirstPropertyValue("url")).toContain(`/e/${event.id}`);
});

it("who gives tickets back loses the date, who buys again has it again, and a cancellation is the last word", () => {
  const site = brandedSite();
  const file = (seconds: number, isCancelled: boolean, of = event) => {
    const occasion = {
      event: of,
      organizer: site.organizer,
      brand: site.brand,
      siteOrigin: "https://blue-note.bilten.example",
    };
    const saidAt = new Date(Date.parse(event.createdAt) + seconds * 1000).toISOString();
    const appointment = { orderId: "an-order", occasion, sender: "tickets@bilten.example", saidAt, words: WORDS.en };
    const text = new TextDecoder().decode(calendarFile(appointment, isCancelled).content);
    const entry = new ical.Event(new ical.Component(ical.parse(text)).getFirstSubcomponent("vevent") ?? undefined);
    return { uid: entry.uid, sequence: entry.sequence };
  };
  const off = {
    ...event,
    status: "cancelled" as const,
    updatedAt: new Date(Date.parse(event.createdAt) + 9_000_000).toISOString(),
  };
  const files = [file(3_000, false), file(4_000, true), file(5_000, false), file(9_000, true, off)];
  expect(new Set(files.map(({ uid }) => uid))).toEqual(new Set([calendarUid(event)]));
  expect(files.map(({ sequence }) => sequence)).toEqual([3_000, 4_001, 5_000, calendarSequence(off)]);
});
