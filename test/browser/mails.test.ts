/** The mails of development in a real Chromium: what a buyer sees, on a phone and on a desktop. Pictures lie in test-artifacts/. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Order } from "../../shared/contracts/orders";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { findChromium } from "../support/chromium";
import { connect, parse } from "../support/client";
import { type Box, freshEmail, openBoxOffice, outbox } from "../support/scenes";

const executablePath = findChromium();
const PICTURES = join(ROOT, "test-artifacts");
const api = connect(inject("origin"));
const TITLE = '<img src=x onerror="document.title=1"> מוזיקה 🎷';

/** What runs in the page, whose types a Worker's project does not have: how wide a picture is, and how wide it is shown. */
async function sizesOf(image: unknown): Promise<number[]> {
  const picture = image as { decode(): Promise<void>; naturalWidth: number; clientWidth: number };
  await picture.decode();
  return [picture.naturalWidth, picture.clientWidth];
}

describe.skipIf(executablePath === null)(`mails in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`, () => {
  let browser: Browser;
  const email = freshEmail("reader");
  let mailId = "";
  let box: Box;

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    // Its sandbox needs rights that a container's root has not; it sees nothing but this house.
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    box = await openBoxOffice(api, { title: TITLE });
    const items = [{ ticketTypeId: box.event.ticketTypes[0]?.id, quantity: 2 }];
    const buyer = { email, name: "<script>document.title = 2</script>" };
    const order = parse(Order, await api.post("/orders", { eventId: box.event.id, items, buyer }), 201);
    const payment = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
    await api.as({ token: order.accessToken ?? "" }).post("/payments/process", payment);
    mailId = (await outbox(api, email, ({ data }) => data?.type === "order_confirmation")).id;
  });
  afterAll(() => browser?.close());

  async function open(path: string, width: number, see: (page: Page) => Promise<void>): Promise<string[]> {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("requestfailed", (request) => complaints.push(`${request.url()} failed`));
    try {
      await page.goto(`${api.origin}${path}`);
      await see(page);
      return complaints;
    } finally {
      await page.close();
    }
  }
  const picture = (page: Page, name: string) => page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });

  test.each([
    ["phone", 360],
    ["desktop", 1100],
  ])("the list leads to the mail, whose codes are seen and whose words do nothing, on a %s", async (device, width) => {
    const complaints = await open(`/dev/mail?to=${encodeURIComponent(email)}`, width, async (page) => {
      await picture(page, `mails-${device}`);
      await page.getByRole("link", { name: "Your tickets for" }).first().click();
      await page.getByRole("heading", { level: 1 }).waitFor({ state: "visible" });
      const mail = page.frameLocator("iframe");
      await mail.getByText("Ticket 2 of 2: Standing").waitFor({ state: "visible" });
      for (const code of await mail.getByRole("img").all()) {
        const [natural, shown] = await code.evaluate(sizesOf);
        expect([Number(natural) > 300, shown]).toEqual([true, 240]);
      }
      expect(await mail.getByRole("img").count()).toBe(2);
      await picture(page, `mail-${device}`);
      expect(await page.title()).toContain("<img src=x");
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "tickets-to-print.pdf" }).click();
      expect((await download).suggestedFilename()).toBe("tickets-to-print.pdf");
      await page.getByRole("link", { name: "Text", exact: true }).click();
      await page.locator("pre").getByText("Hello,").waitFor({ state: "visible" });
    });
    expect(complaints).toEqual([]);
  });

  test.each([
    ["phone", 360],
    ["desktop", 1100],
  ])("the HTML alone is no wider than a %s", async (device, width) => {
    const complaints = await open(`/dev/mail/${mailId}/html`, width, async (page) => {
      await page.getByText("Ticket 2 of 2: Standing").waitFor({ state: "visible" });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      await picture(page, `mail-html-${device}`);
    });
    expect(complaints).toEqual([]);
  });

  test("a move says first where to go now, on a phone too", async () => {
    const { location } = box.event;
    const moved = {
      startDate: "2032-06-06T17:30:00Z",
      endDate: "2032-06-06T21:00:00Z",
      location: { ...location, venue: "Jazz Barn" },
    };
    expect((await box.owner.api.put(`/events/${box.event.id}`, moved)).status).toBe(200);
    const { id } = await outbox(api, email, ({ data }) => data?.type === "event_moved");
    const complaints = await open(`/dev/mail/${id}/html`, 360, async (page) => {
      await page.getByText("Sunday, 6 June 2032, 19:30–23:00 CEST").waitFor({ state: "visible" });
      expect(await page.getByRole("listitem").allInnerTexts()).toHaveLength(2);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
      await picture(page, "mail-moved-phone");
    });
    expect(complaints).toEqual([]);
  });

  test("there is no other mail and no other file", async () => {
    for (const path of [
      "nobody",
      `${mailId}/attachments/99`,
      `${mailId}/attachments/-1`,
      `${mailId}/attachments/x`,
      `${mailId}/else`,
    ])
      expect((await api.get(`/dev/mail/${path}`)).status, path).toBe(404);
  });
});
