/** Pages and their script in a real Chromium without a house behind them: what a buyer seldom meets, made to happen at once. */
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AvailableTicketType } from "../../shared/contracts/events";
import { sorryResponse } from "../../workers/gateway/sorry";
import { eventPage } from "../../workers/sites/event-page";
import { listPage } from "../../workers/sites/list-page";
import { pageResponse } from "../../workers/sites/page";
import { PAGE_SCRIPT } from "../../workers/sites/script";
import { brandedSite } from "../support/branded-site";
import { findChromium } from "../support/chromium";
import { type Device, VIEWPORTS, visit } from "../support/looking";
import { publishedEvent } from "../support/published-event";

const executablePath = findChromium();
const DEVICES = Object.keys(VIEWPORTS) as Device[];
const ORIGIN = "http://pages.localhost";

const type: AvailableTicketType = {
  id: crypto.randomUUID(),
  eventId: crypto.randomUUID(),
  name: "Standing",
  price: { amount: 2550, currency: "USD" },
  quantity: 50,
  minPerOrder: 1,
  maxPerOrder: 10,
  available: 12,
  status: "on_sale",
};
const bare = (content: string): string =>
  `<!doctype html><html lang="en"><title>x</title><main>${content}</main><script>${PAGE_SCRIPT}</script></html>`;

async function serve(page: Page, path: string, answer: string | Response | (() => string)): Promise<void> {
  const made = answer instanceof Response ? { headers: Object.fromEntries(answer.headers), body: await answer.text() } : null;
  await page.route(`${ORIGIN}${path}`, (route) =>
    route.fulfill(made ?? { contentType: "text/html", body: typeof answer === "function" ? answer() : String(answer) }),
  );
}

describe.skipIf(executablePath === null)(
  `pages without a house in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`,
  () => {
    let browser: Browser;
    let page: Page;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    });
    afterAll(() => browser?.close());

    test("a buyer who waits for his turn is led to the card's form, and not reloaded for ever", async () => {
      page = await browser.newPage();
      let looks = 0;
      await serve(page, "/o/1", bare('<p data-watch="/status" data-state="waits" data-ready="ready" data-next="/o/1/pay">…</p>'));
      await serve(page, "/status", () => (++looks < 2 ? "waits" : "ready"));
      await serve(page, "/o/1/pay", bare("<h1>Payment</h1>"));
      await page.goto(`${ORIGIN}/o/1`);
      await page.waitForURL(`${ORIGIN}/o/1/pay`);
      expect(looks).toBe(2);
      await page.close();
    });

    test("a form is sent once however often its button is pressed, and again after the sending was stopped", async () => {
      page = await browser.newPage();
      await page.clock.install();
      await serve(page, "/c", bare('<form method="post" action="/sent"><button>Send</button></form>'));
      let sent = 0;
      // Nothing comes back, as on a train in a tunnel.
      await page.route(`${ORIGIN}/sent`, (route) => {
        sent += 1;
        return route.abort();
      });
      await page.goto(`${ORIGIN}/c`);
      const press = () => page.evaluate("document.querySelector('button').click()");
      await page.evaluate(
        "addEventListener('submit', (event) => { window.tried = (window.tried ?? 0) + !event.defaultPrevented; event.preventDefault(); })",
      );
      await press();
      await press();
      expect(await page.evaluate("window.tried")).toBe(1);
      await page.clock.fastForward(5_100);
      await press();
      expect(await page.evaluate("window.tried")).toBe(2);
      expect(sent).toBe(0);
      await page.close();
    });

    test("a countdown knows the time after the device has slept", async () => {
      page = await browser.newPage();
      await page.clock.install();
      await page.addInitScript("performance.now = () => 1");
      await serve(
        page,
        "/c",
        bare('<div><p class="later"><b data-seconds="600"></b></p><p id="clock-news" data-ended="Over"></p></div>'),
      );
      await page.goto(`${ORIGIN}/c`);
      expect(await page.locator("[data-seconds]").textContent()).toBe("10:00");
      // The clock on the wall has gone on; no timer of the page has run.
      await page.clock.setSystemTime(Date.now() + 400_000);
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
      expect(await page.locator("[data-seconds]").textContent()).toMatch(/^3:[12]\d$/);
      await page.close();
    });

    test.each(DEVICES)(
      "says sums as the server does, leads back to a reservation and on to more events, on a %s",
      async (device) => {
        const visitor = await visit(browser, device, { locale: "en-US" });
        const site = { ...brandedSite(), brand: { ...brandedSite().brand, primaryColor: "#dc2626" } };
        const event = publishedEvent({ ticketTypes: [type] });
        // No house is there to say what is left now.
        await visitor.page.routeWebSocket(/availability/, () => undefined);
        const shown = eventPage(site, event, [type], {
          reservation: { path: `/c/${event.id}/${crypto.randomUUID()}`, hold: null },
        });
        await serve(visitor.page, "/e", await pageResponse(site, shown));
        await visitor.page.goto(`${ORIGIN}/e`);
        await visitor.look("reservation");
        await visitor.page.getByLabel("How many: Standing").selectOption("2");
        expect(await visitor.page.locator("output").textContent()).toBe("2 tickets, US$51.00");

        const events = Array.from({ length: 3 }, (_, index) =>
          publishedEvent({ title: `Evening ${index + 21}`, ticketTypes: [type] }),
        );
        const listing = { query: "evening", events, nextCursor: "next", isContinued: true };
        await serve(visitor.page, "/list", await pageResponse(site, listPage(site, listing)));
        await visitor.page.goto(`${ORIGIN}/list`);
        await visitor.look("list-page");

        const asked = new Request(`${ORIGIN}/busy`, { method: "POST", headers: { accept: "text/html" } });
        await serve(visitor.page, "/busy", sorryResponse(asked, { code: "rate_limited", retryAfterSeconds: 60 }));
        await visitor.page.goto(`${ORIGIN}/busy`);
        await visitor.look("gateway-busy");
        expect(visitor.complaints).toEqual([]);
        await visitor.close();
      },
    );
  },
);
