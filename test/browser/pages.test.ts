/** What people see: the organizer's pages and the API's own, in a real Chromium. Pictures of them lie in test-artifacts/. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { findChromium } from "../support/chromium";
import { connect } from "../support/client";
import { type Box, openBoxOffice } from "../support/scenes";

const executablePath = findChromium();
const PICTURES = join(ROOT, "test-artifacts");
const { origin } = connect(inject("origin"));
/** Browsers find every name under `localhost` on the own machine (RFC 6761). */
const site = (slug: string): string => origin.replace("127.0.0.1", `${slug}.localhost`);

test.skipIf(executablePath !== null || process.env.CI !== "true")("a Chromium is there", () => {
  expect.fail("No Chromium on the PATH, so that no page was looked at.");
});

describe.skipIf(executablePath === null)(`pages in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`, () => {
  let browser: Browser;
  let box: Box;

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    // Its sandbox needs rights that a container's root has not; it sees nothing but this house.
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    box = await openBoxOffice(connect(inject("origin")), { title: "Jazz in the browser" });
  });
  afterAll(() => browser?.close());

  /** Opens a page, takes its picture, and hears what it complained of. */
  async function look(url: string, picture: string, see: (page: Page) => Promise<void>): Promise<string[]> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("requestfailed", (request) => complaints.push(`${request.url()} failed`));
    try {
      await page.goto(url);
      await see(page);
      await page.screenshot({ path: join(PICTURES, `${picture}.png`), fullPage: true });
      return complaints;
    } finally {
      await page.close();
    }
  }
  const seen = (page: Page, text: string) => page.getByText(text).first().waitFor({ state: "visible" });

  test("the organizer's list shows the event, its price and the way to it", async () => {
    const complaints = await look(site(box.organizer.slug), "list", async (page) => {
      await seen(page, "€25.00");
      const path = await page.getByRole("link", { name: "Jazz in the browser" }).getAttribute("href");
      expect(path).toContain(`/e/${box.event.id}`);
    });
    expect(complaints).toEqual([]);
  });

  test("the event's page shows what it costs and what is left, in the organizer's colours", async () => {
    const complaints = await look(`${site(box.organizer.slug)}/e/${box.event.id}`, "event", async (page) => {
      await page.getByRole("heading", { level: 1, name: "Jazz in the browser" }).waitFor({ state: "visible" });
      await seen(page, "€25.00");
      await seen(page, "50 left");
      // The page's own style is let through by its policy.
      expect(await page.evaluate("getComputedStyle(document.querySelector('header')).backgroundColor")).toBe("rgb(29, 78, 216)");
    });
    expect(complaints).toEqual([]);
  });

  test("the API's page lists its operations", async () => {
    const complaints = await look(`${origin}/docs`, "docs", async (page) => {
      await page.locator(".opblock-tag").first().waitFor({ state: "visible" });
      expect(await page.locator(".opblock-tag").count()).toBeGreaterThan(5);
    });
    expect(complaints).toEqual([]);
  });
});
