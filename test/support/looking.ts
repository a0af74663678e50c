/** A page as somebody sees it: opened in a real Chromium, pictured, listened to, and held to what every page must be. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import jsQr from "jsqr";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { z } from "zod";
import { ROOT } from "../../shared/scripts/configurations.ts";

export const PICTURES = join(ROOT, "test-artifacts");

export const VIEWPORTS = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } };
export type Device = keyof typeof VIEWPORTS;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const Violations = z.array(z.object({ id: z.string(), nodes: z.array(z.string()) }));

/** Adds up what moved without the reader's doing (Layout Instability). */
const WATCH_SHIFTS = `window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });`;

const MAX_TABS = 60;

/** What these two run in is the page, whose types a Worker's project does not have. */
interface Seen {
  document: { activeElement: unknown };
  getComputedStyle(element: unknown): { outlineStyle: string };
}
const isFocused = (element: unknown): boolean => element === (globalThis as unknown as Seen).document.activeElement;
const outlineOf = (element: unknown): string => (globalThis as unknown as Seen).getComputedStyle(element).outlineStyle;

export interface Visitor {
  page: Page;
  device: Device;
  /** What the console, the page and its policy complained of. */
  complaints: string[];
  /** Pictures the page and holds it to: nothing for axe to find, nothing that moved, nothing wider than the screen. */
  look(picture: string): Promise<void>;
  /** Goes there with the Tab key alone, and sees where it is. */
  tabTo(target: Locator): Promise<void>;
  /** The same, and presses Enter. */
  press(target: Locator): Promise<void>;
  close(): Promise<void>;
}

export async function visit(
  browser: Browser,
  device: Device,
  { locale = "en-GB", script = true }: { locale?: string; script?: boolean } = {},
): Promise<Visitor> {
  mkdirSync(PICTURES, { recursive: true });
  const context: BrowserContext = await browser.newContext({ viewport: VIEWPORTS[device], locale, javaScriptEnabled: script });
  await context.addInitScript(WATCH_SHIFTS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    // Chromium says so of every answer that is no success, and some pages are none.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));

  const tabTo: Visitor["tabTo"] = async (target) => {
    for (let presses = 0; presses < MAX_TABS; presses++) {
      await page.keyboard.press("Tab");
      if (await target.evaluate(isFocused)) {
        expect(await target.evaluate(outlineOf), "the focus is seen").not.toBe("none");
        return;
      }
    }
    throw new Error(`not reached with ${MAX_TABS} presses of Tab: ${target}`);
  };
  return {
    page,
    device,
    complaints,
    tabTo,
    press: async (target) => {
      await tabTo(target);
      await page.keyboard.press("Enter");
    },
    look: async (picture) => {
      const name = `${picture}-${device}`;
      await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
      if (!script) return;
      expect(await page.evaluate("window.shifted"), `${name}: moved by itself`).toBe(0);
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth"), `${name}: wider than the screen`).toBe(0);
      await page.evaluate(AXE);
      const found = await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(AXE_TAGS)} }).then(({ violations }) =>
        violations.map(({ id, nodes }) => ({ id, nodes: nodes.map((node) => node.html + " " + node.failureSummary) })))`);
      expect(Violations.parse(found), `${name}: axe`).toEqual([]);
    },
    close: () => context.close(),
  };
}

/** Everything that a page brings, as it would travel (RFC 1952), in bytes. */
export async function weigh(page: Page, url: string): Promise<number> {
  const answers: Promise<number>[] = [];
  const count = (response: { body(): Promise<Buffer> }) => answers.push(response.body().then((body) => gzipSync(body).length));
  page.on("response", count);
  await page.goto(url, { waitUntil: "networkidle" });
  page.off("response", count);
  return (await Promise.all(answers)).reduce((sum, bytes) => sum + bytes, 0);
}

const Pixels = z.object({ width: z.number(), height: z.number(), data: z.string() });

/** What a scanner at the door reads off the screen. */
export async function readQr(picture: Locator): Promise<string | undefined> {
  const png = (await picture.screenshot()).toString("base64");
  const blank = await picture.page().context().newPage();
  try {
    const decoded = await blank.evaluate(`(async () => {
      const picture = await createImageBitmap(await (await fetch("data:image/png;base64,${png}")).blob());
      const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
      pen.drawImage(picture, 0, 0);
      const { data } = pen.getImageData(0, 0, picture.width, picture.height);
      let text = "";
      for (const byte of data) text += String.fromCharCode(byte);
      return { width: picture.width, height: picture.height, data: btoa(text) };
    })()`);
    const { width, height, data } = Pixels.parse(decoded);
    return jsQr(new Uint8ClampedArray(Buffer.from(data, "base64")), width, height)?.data;
  } finally {
    await blank.close();
  }
}
