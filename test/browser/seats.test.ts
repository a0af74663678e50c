/** Seats on an organizer's pages, and seat maps as pictures, in a real Chromium. Pictures lie in test-artifacts/. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { SeatsChange } from "../../shared/contracts/seats";
import { findChromium } from "../support/chromium";
import { connect, parse } from "../support/client";
import { type Device, PICTURES, VIEWPORTS, visit } from "../support/looking";
import { createOrganizer, type Person, registerAndLogin } from "../support/scenes";
import { arenaMap, theatreMap } from "../support/seat-maps";
import { createSeatedEvent } from "../support/seated-event";

const executablePath = findChromium();
const api = connect(inject("origin"));
const DEVICES = Object.keys(VIEWPORTS) as Device[];

describe.skipIf(executablePath === null)(`seats in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`, () => {
  let browser: Browser;
  let owner: Person;
  let theatre: PublishedEvent;
  let arena: PublishedEvent;
  let site: string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    owner = await registerAndLogin(api, { name: "Olga Owner" });
    const organizer = await createOrganizer(owner);
    site = api.origin.replace("127.0.0.1", `${organizer.slug}.localhost`);
    theatre = await createSeatedEvent(owner, organizer.id, theatreMap(), { title: "A play", settings: { holdSeconds: 3600 } });
    arena = await createSeatedEvent(owner, organizer.id, arenaMap(), { title: "A concert", settings: { holdSeconds: 3600 } });
  });
  afterAll(() => browser?.close());

  const typeOf = (event: PublishedEvent, named: string) => event.ticketTypes.find(({ name }) => name === named)?.id;
  async function take(event: PublishedEvent, named: string, quantity: number, times: number): Promise<void> {
    const items = [{ ticketTypeId: typeOf(event, named), quantity, bestAvailable: true }];
    for (let time = 0; time < times; time++) parse(Hold, await api.post(`/events/${event.id}/holds`, { items }), 201);
  }

  test.each([
    ["theatre", () => theatre, 900],
    ["arena", () => arena, 1400],
  ] as const)("the %s is drawn as a picture in which no part is missing", async (name, eventOf, width) => {
    const event = eventOf();
    await take(event, "Front", 5, 6);
    const seatIds = name === "theatre" ? ["b-1-1", "b-1-2", "b-1-3"] : Array.from({ length: 40 }, (_, at) => `s50-r3-${at + 1}`);
    parse(SeatsChange, await owner.api.post(`/events/${event.id}/seats/block`, { seatIds }), 200);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const page = await browser.newPage({ viewport: { width, height: 1000 } });
    try {
      const answer = await page.goto(`${api.origin}/events/${event.id}/seats?format=svg`);
      expect(answer?.headers()["content-type"]).toMatch(/^image\/svg\+xml/);
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `seats-${name}.png`) });
      // A document that is not well-formed has a `parsererror` in the place of its root's end.
      expect(await page.evaluate("document.querySelectorAll('parsererror').length")).toBe(0);
      expect(await page.evaluate("document.documentElement.localName")).toBe("svg");
      const classes = await page.evaluate(
        "[...new Set([...document.querySelectorAll('path')].map((path) => path.getAttribute('class')))].sort()",
      );
      const categories = ["k k0", "k k1", "k k2"];
      expect(classes).toEqual(
        name === "theatre"
          ? ["a", "b", "c", "f", "h", "i", ...categories, "s", "t k2"]
          : ["b", "f", "h", "i", ...categories, "s"],
      );
      // Nothing stands outside of what is shown.
      const outside = await page.evaluate(`(() => {
          const frame = document.documentElement.getBoundingClientRect();
          return [...document.querySelectorAll("path, text")].filter((part) => {
            const at = part.getBoundingClientRect();
            return at.left < frame.left - 1 || at.right > frame.right + 1 || at.top < frame.top - 1 || at.bottom > frame.bottom + 1;
          }).length;
        })()`);
      expect(outside).toBe(0);
    } finally {
      await page.close();
    }
  });

  test.each(DEVICES)("a guest on a %s gets the best seats, sees which, and finds them on his tickets", async (device) => {
    const visitor = await visit(browser, device);
    const { page, look, complaints } = visitor;
    try {
      await page.goto(`${site}/e/${theatre.id}`);
      // By hand: what a script chooses moves the sum, and no reader has done it.
      await visitor.tabTo(page.getByLabel("How many: Middle"));
      await page.keyboard.type("3");
      await page.getByText("Seat map", { exact: true }).click();
      const picture = page.getByRole("img", { name: /^The seats of this event/ });
      await expect
        .poll(() => picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth), { timeout: 5_000 })
        .toBeGreaterThan(0);
      await page.getByText("Accessible seats", { exact: true }).click();
      await page.getByLabel("Accessible: Middle").selectOption("1");
      await look("seats-1-event");
      await page.getByRole("button", { name: "Reserve tickets" }).click();
      await page.getByRole("heading", { level: 1, name: "Your details" }).waitFor();
      const labels = await page.getByRole("list", { name: "Seats" }).getByRole("listitem").allTextContents();
      expect(labels).toHaveLength(3);
      expect(labels.filter((label) => /Seat W\d$/.test(label))).toHaveLength(1);
      await look("seats-2-details");
      await page.getByLabel("Name", { exact: true }).fill("Greta Guest");
      await page.getByLabel("E-mail").fill("greta@people.example");
      await page.getByRole("button", { name: "Continue to payment" }).click();
      await page.getByRole("heading", { level: 1, name: "Your order" }).waitFor();
      expect(await page.getByRole("list", { name: "Seats" }).getByRole("listitem").allTextContents()).toEqual(labels);
      await page.getByRole("button", { name: /^Pay \S+ with the test provider$/ }).click();
      await page.getByRole("button", { name: /^Pay \S+$/ }).click();
      await page.getByText("Thank you! Your order is paid.").waitFor();
      const cards = await page.locator(".ticket .seat strong").allTextContents();
      expect(cards.sort()).toEqual(labels.toSorted());
      await look("seats-3-order");
      expect(complaints).toEqual([]);
    } finally {
      await page.screenshot({ path: join(PICTURES, `seats-last-${device}.png`), fullPage: true });
      await visitor.close();
    }
  });
});
