/** An organizer's own look on the pages, chosen as awkwardly as may be, and the pages that sell nothing. */
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { BrandAsset, BrandSettings, MAX_SHOWN_BYTES } from "../../shared/contracts/branding";
import { findChromium } from "../support/chromium";
import { connect, parse } from "../support/client";
import { type Device, VIEWPORTS, visit, weigh } from "../support/looking";
import { png } from "../support/pictures";
import { type Box, createPublishedEvent, openBoxOffice } from "../support/scenes";

const executablePath = findChromium();
const api = connect(inject("origin"));
const DEVICES = Object.keys(VIEWPORTS) as Device[];
const PALE = "#fde047";
const MAX_EVENT_PAGE_BYTES = 30_000;

function noisy(width: number, height: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  const picture = png(width, height, { noisy: true });
  expect(picture.length).toBeLessThanOrEqual(maxBytes);
  expect(picture.length).toBeGreaterThan(0.95 * maxBytes);
  return picture;
}

describe.skipIf(executablePath === null)(
  `a brand in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`,
  () => {
    let browser: Browser;
    let box: Box;
    let site: string;

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
      box = await openBoxOffice(api, { title: "ليلة الجاز على ضفاف النهر", description: "أمسية طويلة.\nDoors open at seven." });
      const { organizer, owner } = box;
      site = api.origin.replace("127.0.0.1", `${organizer.slug}.localhost`);
      // Noise, as a photograph has it: nothing makes it smaller on the way. Kept just below what a page may show.
      const upload = async (kind: "logo" | "cover", width: number, height: number) =>
        parse(
          BrandAsset,
          await owner.api.send(
            "POST",
            `/branding/assets?organizerId=${organizer.id}&kind=${kind}`,
            noisy(width, height, MAX_SHOWN_BYTES[kind]),
            {
              headers: { "content-type": "image/png" },
            },
          ),
          201,
        ).id;
      const settings = {
        organizerId: organizer.id,
        primaryColor: PALE,
        secondaryColor: "#fecaca",
        fontFamily: "Georgia, serif",
        tagline: "Since 1962, every night but Mondays",
        links: [{ label: "Imprint", url: "https://blue-note.example/imprint" }],
        logoAssetId: await upload("logo", 80, 24),
        coverAssetId: await upload("cover", 108, 42),
      };
      parse(BrandSettings, await owner.api.post("/branding/settings", settings), 200);
    });
    afterAll(() => browser?.close());

    test.each(DEVICES)(
      "stays readable on a %s in pale colours, with pictures that move nothing, right to left too",
      async (device) => {
        const visitor = await visit(browser, device);
        const { page, look, complaints } = visitor;
        await page.goto(site, { waitUntil: "networkidle" });
        await page.getByRole("img", { name: box.organizer.name }).waitFor({ state: "visible" });
        expect(await page.evaluate("[...document.images].every((image) => image.naturalWidth > 1)")).toBe(true);
        await look("brand-1-list");
        await page.getByRole("link", { name: box.event.title }).click();
        await page.getByRole("heading", { level: 1, name: box.event.title }).waitFor({ state: "visible" });
        await page.waitForLoadState("networkidle");
        await look("brand-2-event");
        const [header, text] = await Promise.all(
          ["backgroundColor", "color"].map((what) =>
            page.evaluate(`getComputedStyle(document.querySelector("header a")).${what}`),
          ),
        );
        expect([header, text]).toEqual(["rgba(0, 0, 0, 0)", "rgb(0, 0, 0)"]);
        expect(complaints).toEqual([]);
        await visitor.close();
      },
    );

    test.each(DEVICES)("has a way on from what is not there, not yet on sale, over or called off, on a %s", async (device) => {
      const visitor = await visit(browser, device);
      const { page, look } = visitor;
      const soon = new Date(Date.now() + 86_400_000).toISOString();
      const price = { amount: 2500, currency: "EUR" };
      const later = await createPublishedEvent(box.owner, box.organizer.id, {
        title: "Not yet on sale",
        ticketTypes: [{ name: "Standing", price, quantity: 5, saleStart: soon }],
      });
      const off = await createPublishedEvent(box.owner, box.organizer.id, { title: "Called off" });
      await box.owner.api.post(`/events/${off.id}/cancel`, { reason: "Rain" });
      const pages: [path: string, status: number, said: string][] = [
        ["/nothing-here", 404, "There is no such page"],
        [`/o/${crypto.randomUUID()}`, 404, "Open it by the link in your e-mail"],
        [`/e/${later.id}`, 200, "On sale from"],
        [`/e/${off.id}`, 200, "This event is cancelled."],
        ["/?q=nothing%20like%20it", 200, "No event here fits"],
      ];
      for (const [index, [path, status, said]] of pages.entries()) {
        expect((await page.goto(`${site}${path}`))?.status(), path).toBe(status);
        await page.getByText(said).first().waitFor({ state: "visible" });
        expect(await page.locator("main a").count(), `${path} leads on`).toBeGreaterThan(0);
        await look(`way-on-${index + 1}`);
      }
      await visitor.close();
    });

    test("its pages stay light, pictures and all", async () => {
      const visitor = await visit(browser, "phone");
      const bytes = await weigh(visitor.page, `${site}/e/${box.event.id}`);
      console.log(`a branded event page: ${bytes} bytes compressed`);
      expect(bytes).toBeLessThan(MAX_EVENT_PAGE_BYTES);
      await visitor.close();
    });
  },
);
