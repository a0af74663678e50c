/** The API's own page in a real Chromium: a guest's sale by pressing "Execute", with nothing typed. Pictures lie in test-artifacts/. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { findChromium } from "../support/chromium";
import { connect } from "../support/client";
import { eventually, openBoxOffice, PASSWORD, registerAndLogin } from "../support/scenes";

const executablePath = findChromium();
const api = connect(inject("origin"));
const PICTURES = join(ROOT, "test-artifacts");

describe.skipIf(executablePath === null)(`/docs in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    const { event } = await openBoxOffice(api, { title: "Tried on the page" });
    await eventually("the event in the index", async () =>
      (await api.get("/events/search?q=tried")).text.includes(event.id) ? true : undefined,
    );
  });
  afterAll(() => browser?.close());

  /** Opens an operation, presses "Execute", and gives the status that the page shows. */
  async function execute(page: Page, operationId: string): Promise<string> {
    const block = page.locator(`.opblock[id$="-${operationId}"]`);
    if ((await block.count()) === 0) throw new Error(`The page has no ${operationId}`);
    await block.locator(".opblock-summary-control").click();
    await block.getByRole("button", { name: "Execute" }).click();
    const status = await block.locator(".live-responses-table tr.response .response-col_status").first().textContent();
    await block.scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(PICTURES, `docs-${operationId}.png`) });
    return (status ?? "").trim().slice(0, 3);
  }

  test("a guest's sale works by pressing Execute: hold, order, payment, tickets", async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${api.origin}/docs`);
    await page.locator(".opblock-tag").first().waitFor({ state: "visible" });
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: join(PICTURES, "docs.png") });
    for (const tag of ["holds", "orders", "payments"]) await page.locator(`.opblock-tag[data-tag="${tag}"]`).click();
    expect(await execute(page, "placeHold")).toBe("201");
    expect(await execute(page, "createOrder")).toBe("201");
    expect(await execute(page, "processPayment")).toBe("200");
    expect(await execute(page, "getOrderTickets")).toBe("200");
    expect(await page.locator('.opblock[id$="-getOrderTickets"] .live-responses-table').textContent()).toContain(
      '"status": "valid"',
    );
    expect(await page.evaluate("JSON.stringify(localStorage)"), "nothing outlives the tab").not.toMatch(/ey|bo_|token/);
    // Kept over a reload, as somebody who tries things will do.
    await page.reload();
    await page.locator(".opblock-tag").first().waitFor({ state: "visible" });
    await page.locator(".authorize.locked").first().waitFor({ state: "visible" });
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("whoever signs in by cookie there changes things by it, and no token from before is sent beside it", async () => {
    const person = await registerAndLogin(api);
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    const sent: { bearer: boolean; csrf: boolean }[] = [];
    page.on("request", (request) => {
      if (request.method() !== "DELETE") return;
      const headers = request.headers();
      sent.push({ bearer: "authorization" in headers, csrf: "x-csrf-token" in headers });
    });
    const open = async () => {
      await page.locator(".opblock-tag").first().waitFor({ state: "visible" });
      await page.waitForLoadState("networkidle");
      await page.locator('.opblock-tag[data-tag="auth"]').click();
    };
    await page.goto(`${api.origin}/docs`);
    await open();
    const login = page.locator('.opblock[id$="-logIn"]');
    await login.locator(".opblock-summary-control").click();
    await login
      .locator("textarea")
      .first()
      .fill(JSON.stringify({ email: person.email, password: PASSWORD }));
    const signIn = async (kind: "" | "cookie") => {
      await login.locator('tr[data-param-name="x-session"] select').selectOption(kind);
      const answered = page.waitForResponse((response) => response.url().endsWith("/auth/login"));
      await login.getByRole("button", { name: "Execute" }).click();
      expect((await answered).status()).toBe(200);
    };
    await signIn("");
    await signIn("cookie");
    expect(await execute(page, "endOtherSessions")).toBe("204");
    // Anew, and without what the address says is open.
    await page.goto(`${api.origin}/docs`);
    await open();
    expect(await execute(page, "endOtherSessions")).toBe("204");
    expect(sent).toEqual([
      { bearer: false, csrf: true },
      { bearer: false, csrf: true },
    ]);
    await page.close();
  });
});
