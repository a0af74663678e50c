/** Two hundred WebSockets in one Chromium, and a sale that all of them see. The page is test/browser/live.html; pictures lie in test-artifacts/. */
import { mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { findChromium } from "../support/chromium";
import { connect } from "../support/client";
import { liveUrl } from "../support/live";
import { PICTURES, type Visitor, visit } from "../support/looking";
import { type Box, createPublishedEvent, eventually, openBoxOffice } from "../support/scenes";

const executablePath = findChromium();
const api = connect(inject("origin"));
const LISTENERS = 200;
const TICKETS = 300;
const Seen = z.array(z.object({ left: z.number().nullable(), version: z.number(), closed: z.string().nullable() }));

describe.skipIf(executablePath === null)(
  `listeners in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`,
  () => {
    let browser: Browser;
    /** The page comes from an origin that the house knows nothing of. */
    const elsewhere = createServer((_, answer) => {
      answer.setHeader("content-type", "text/html");
      answer.end(readFileSync(join(ROOT, "test/browser/live.html")));
    });
    let box: Box;

    beforeAll(async () => {
      mkdirSync(PICTURES, { recursive: true });
      browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
      box = await openBoxOffice(api, {
        capacity: TICKETS,
        ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: TICKETS }],
      });
    });
    afterAll(async () => {
      await browser?.close();
      elsewhere.close();
    });

    const seenBy = async (page: Page) =>
      Seen.parse(await page.evaluate("listeners.map(({ left, version, closed }) => ({ left: left ?? null, version, closed }))"));
    const allAgree = (page: Page, left: number) =>
      eventually(`${left} left at every listener`, async () =>
        (await seenBy(page)).every((one) => one.left === left) ? true : undefined,
      );

    test("two hundred see availability fall while tickets are sold, and hear of the end", async () => {
      const page = await browser.newPage({ viewport: { width: 1100, height: 900 } });
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
      const { port } = elsewhere.address() as AddressInfo;
      await page.goto(
        `http://127.0.0.1:${port}/?feed=${encodeURIComponent(liveUrl(api.origin, box.event.id))}&listeners=${LISTENERS}`,
      );
      await allAgree(page, TICKETS);
      expect(await seenBy(page)).toHaveLength(LISTENERS);

      const levels = new Set<number | null>();
      const items = [{ ticketTypeId: box.event.ticketTypes[0]?.id, quantity: 3 }];
      for (let sold = 0; sold < TICKETS; sold += 3) {
        expect((await api.post(`/events/${box.event.id}/holds`, { items })).status).toBe(201);
        if (sold % 15 === 0) for (const { left } of await seenBy(page)) levels.add(left);
        if (sold === 180) await page.screenshot({ path: join(PICTURES, "live-1-selling.png") });
      }
      await allAgree(page, 0);
      await page.screenshot({ path: join(PICTURES, "live-2-sold-out.png") });
      // It fell in steps that could be watched, not at once.
      expect(levels.size).toBeGreaterThan(3);
      expect((await seenBy(page)).every(({ closed }) => closed === null)).toBe(true);

      await box.owner.api.post(`/events/${box.event.id}/cancel`, { reason: "Flood" });
      await eventually("the end at every listener", async () =>
        (await seenBy(page)).every(({ closed }) => closed === "1000 cancelled") ? true : undefined,
      );
      await page.screenshot({ path: join(PICTURES, "live-3-cancelled.png") });
      expect(complaints).toEqual([]);
      await page.close();
    });

    test("an organizer's page says what is left while others buy, in the reader's own words, and without a script what was left", async () => {
      const event = await createPublishedEvent(box.owner, box.organizer.id, {
        title: "Going fast",
        capacity: 1_300,
        ticketTypes: [
          { name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 1_200, maxPerOrder: 100 },
          { name: "Balcony", price: { amount: 4950, currency: "EUR" }, quantity: 4 },
        ],
      });
      const url = `${api.origin.replace("127.0.0.1", `${box.organizer.slug}.localhost`)}/e/${event.id}`;
      const german = await visit(browser, "phone", { locale: "de-AT" });
      const still = await visit(browser, "phone", { script: false });
      for (const { page } of [german, still]) await page.goto(url);
      const noteOf = ({ page }: Visitor, at: number) => page.locator(".types .note").nth(at).textContent();
      const take = (at: number, quantity: number) =>
        api.post(`/events/${event.id}/holds`, { items: [{ ticketTypeId: event.ticketTypes[at]?.id, quantity }] });
      expect(await noteOf(german, 0)).toBe("noch 1.200");
      expect((await take(0, 100)).status).toBe(201);
      expect((await take(1, 4)).status).toBe(201);
      await eventually("what is left", async () =>
        (await noteOf(german, 0)) === "noch 1.100" && (await noteOf(german, 1)) === "Zurzeit keine" ? true : undefined,
      );
      await german.look("live-page");
      expect([await noteOf(still, 0), await noteOf(still, 1)]).toEqual(["1,200 left", "4 left"]);
      await box.owner.api.post(`/events/${event.id}/complete`);
      await eventually("the end of the sale", async () => ((await noteOf(german, 0)) === "Verkauf beendet" ? true : undefined));
      // Its policy has let it through.
      expect([...german.complaints, ...still.complaints]).toEqual([]);
      for (const visitor of [german, still]) await visitor.close();
    });
  },
);
