/** A guest on an organizer's pages, from the list to the code that opens the door, in a real Chromium. Pictures lie in test-artifacts/. */
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { CheckIn } from "../../shared/contracts/check-ins";
import { findChromium } from "../support/chromium";
import { connect, parse } from "../support/client";
import { type Device, readQr, VIEWPORTS, type Visitor, visit, weigh } from "../support/looking";
import { type Box, createPublishedEvent, eventually, openBoxOffice } from "../support/scenes";

const executablePath = findChromium();
const api = connect(inject("origin"));
const DEVICES = Object.keys(VIEWPORTS) as Device[];
const MAX_EVENT_PAGE_BYTES = 30_000;
const PAY_TEST = /^Pay \S+ with the test provider$/;
/** On the provider's own page. */
const PAY = /^Pay \S+$/;
/** Arabic, a family of four, and a script of their own: what people are called. */
const NAME = "ليلى 👨‍👩‍👧‍👦 O’Neill <b>";

test.skipIf(executablePath !== null || process.env.CI !== "true")("a Chromium is there", () => {
  expect.fail("No Chromium on the PATH, so that no page was looked at.");
});

describe.skipIf(executablePath === null)(
  `a sale in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`,
  () => {
    let browser: Browser;
    let box: Box;
    let site: string;

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
      box = await openBoxOffice(api, {
        title: "Jazz by the river: the long night of <em>brass</em>",
        description: "Two sets, one break.\n\n<script>alert('no')</script>\nDoors open an hour before.",
        ticketTypes: [
          { name: "Standing", description: "Everywhere but the stands", price: { amount: 2500, currency: "EUR" }, quantity: 30 },
          { name: "Balcony", price: { amount: 4950, currency: "EUR" }, quantity: 4, maxPerOrder: 4 },
        ],
      });
      site = api.origin.replace("127.0.0.1", `${box.organizer.slug}.localhost`);
    });
    afterAll(() => browser?.close());

    const as = async (
      device: Device,
      act: (visitor: Visitor) => Promise<void>,
      options?: { locale?: string; script?: boolean },
    ) => {
      const visitor = await visit(browser, device, options);
      try {
        await act(visitor);
        expect(visitor.complaints).toEqual([]);
      } finally {
        await visitor.page.screenshot({ path: `test-artifacts/last-${device}.png`, fullPage: true });
        await visitor.close();
      }
    };
    const button = ({ page }: Visitor, name: string | RegExp) => page.getByRole("button", { name });
    const heading = ({ page }: Visitor, name: string | RegExp) =>
      page.getByRole("heading", { level: 1, name }).waitFor({ state: "visible" });
    const text = ({ page }: Visitor, said: string | RegExp) => page.getByText(said).first().waitFor({ state: "visible" });

    /** From the event's page to the buyer's details. */
    async function reserveTwo(visitor: Visitor): Promise<void> {
      await visitor.tabTo(visitor.page.getByLabel("How many: Standing"));
      await visitor.page.keyboard.press("ArrowDown");
      await visitor.page.keyboard.press("ArrowDown");
      await visitor.press(button(visitor, "Reserve tickets"));
    }

    async function fillIn({ page, tabTo }: Visitor, name: string, email: string): Promise<void> {
      await tabTo(page.getByLabel("Name", { exact: true }));
      await page.keyboard.insertText(name);
      await page.keyboard.press("Tab");
      await page.keyboard.insertText(email);
    }

    test.each(DEVICES)(
      "a guest on a %s buys two tickets with the keyboard alone, after a decline, and the code admits",
      (device) =>
        as(device, async (visitor) => {
          const { page, press, look } = visitor;
          await page.goto(site);
          await heading(visitor, "Events");
          await look("1-list");
          await press(page.getByRole("link", { name: /Jazz by the river/ }));
          await heading(visitor, /Jazz by the river/);
          await text(visitor, /\d+ left/);
          await look("2-event");
          await reserveTwo(visitor);

          await heading(visitor, "Your details");
          await look("3-checkout");
          await press(button(visitor, "Continue to payment"));
          await text(visitor, "Enter your name.");
          expect(await page.evaluate("document.activeElement.id")).toBe("errors");
          await look("4-checkout-faults");
          await press(page.getByRole("link", { name: /Enter an e-mail|Enter your e-mail/ }));
          expect(await page.evaluate("document.activeElement.id")).toBe("email");
          // Nobody is asked whether the form shall be sent again.
          await page.reload();
          await fillIn(visitor, NAME, "guest@people.example");
          await press(button(visitor, "Continue to payment"));

          await heading(visitor, "Your order");
          await page.goBack();
          await heading(visitor, "Your order");
          await text(visitor, "Time left:");
          await look("5-order-to-pay");
          await press(button(visitor, PAY_TEST));
          await heading(visitor, "Test payment");
          await look("6-test-provider");
          await press(button(visitor, "Decline"));
          await text(visitor, "Your payment was declined.");
          await look("7-declined");
          await press(button(visitor, PAY_TEST));
          await press(button(visitor, PAY));
          await text(visitor, "Thank you! Your order is paid.");
          await page.getByRole("img", { name: "QR code of ticket 2" }).waitFor({ state: "visible" });
          await look("8-paid");

          await press(page.getByRole("link", { name: "Open the ticket 1" }));
          const qr = page.getByRole("img", { name: /QR code/ });
          await look("9-ticket");
          const code = await readQr(qr);
          const scan = { code, nonce: crypto.randomUUID(), gate: "north" };
          const { result, ticket } = parse(CheckIn, await box.owner.api.post(`/events/${box.event.id}/check-ins`, scan), 201);
          expect([result, ticket.holder.name]).toEqual(["admitted", NAME]);
          await page.reload();
          await text(visitor, "Admitted");
        }),
    );

    test.each(DEVICES)("a guest on a %s who comes second hears what is left, and loses nothing that was chosen", (device) =>
      as(device, async (visitor) => {
        const event = await createPublishedEvent(box.owner, box.organizer.id, {
          title: "A very small evening",
          ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 3 }],
        });
        const take = (quantity: number) =>
          api.post(`/events/${event.id}/holds`, { items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity }] });
        await visitor.page.goto(`${site}/e/${event.id}`);
        await visitor.tabTo(visitor.page.getByLabel("How many: Standing"));
        await visitor.page.keyboard.type("3");
        expect((await take(2)).status).toBe(201);
        await visitor.press(button(visitor, "Reserve tickets"));
        await text(visitor, "Standing: only 1 left.");
        expect(await visitor.page.getByLabel("How many: Standing").inputValue()).toBe("1");
        await visitor.look("sold-out-1-less-left");
        expect((await take(1)).status).toBe(201);
        await visitor.press(button(visitor, "Reserve tickets"));
        await text(visitor, "All tickets are reserved at the moment.");
        await visitor.look("sold-out-2-gone");
        await visitor.press(visitor.page.getByRole("link", { name: "See what else is on" }));
        await heading(visitor, "Events");
      }),
    );

    test.each(DEVICES)(
      "a guest on a %s whose reservation ends keeps what was typed, and gets the same tickets by trying again",
      (device) =>
        as(device, async (visitor) => {
          const { page, look } = visitor;
          const event = await createPublishedEvent(box.owner, box.organizer.id, {
            title: "Hurry up",
            settings: { holdSeconds: 4 },
          });
          await page.goto(`${site}/e/${event.id}`);
          await reserveTwo(visitor);
          await heading(visitor, "Your details");
          await fillIn(visitor, NAME, "late@people.example");
          await page.locator("body.ended").waitFor();
          expect(await page.locator("#clock-news").textContent()).toBe("Your reservation has ended.");
          expect(await button(visitor, "Give the tickets back").count()).toBe(0);
          await look("expired-1-typed-kept");
          const ended = await page.context().newPage();
          expect((await ended.goto(page.url()))?.status()).toBe(410);
          await ended.close();
          await visitor.press(button(visitor, "Try again"));
          await heading(visitor, "Your order");
          await eventually("an order that has ended", async () => {
            await page.reload();
            return (await page.getByText("The time to pay is over.").count()) > 0 ? true : undefined;
          });
          await look("expired-2-order");
          await visitor.press(button(visitor, PAY_TEST));
          await visitor.press(button(visitor, PAY));
          await text(visitor, "Thank you! Your order is paid.");
        }),
    );

    test("an event's page is light, and every picture of it stays where it is", () =>
      as("phone", async ({ page }) => {
        const bytes = await weigh(page, `${site}/e/${box.event.id}`);
        console.log(`an event page: ${bytes} bytes compressed`);
        expect(bytes).toBeLessThan(MAX_EVENT_PAGE_BYTES);
      }));

    test("without a script, and in German, a guest buys just the same", () =>
      as(
        "phone",
        async (visitor) => {
          const { page } = visitor;
          await page.goto(`${site}/e/${box.event.id}`);
          await page.getByLabel("Anzahl: Balcony").selectOption("2");
          await button(visitor, "Tickets reservieren").click();
          await visitor.look("german-checkout");
          await page.getByLabel("Name", { exact: true }).fill("Jörg Weiß");
          await page.getByLabel("E-Mail").fill("joerg@people.example");
          await button(visitor, "Weiter zur Bezahlung").click();
          await text(visitor, "99,00");
          await button(visitor, /mit dem Testanbieter bezahlen$/).click();
          await button(visitor, PAY).click();
          await page.waitForLoadState();
          await eventually("a paid order", async () => {
            await page.reload();
            return (await page.getByText("Danke! Ihre Bestellung ist bezahlt.").count()) > 0 ? true : undefined;
          });
          await visitor.look("german-paid");
        },
        { locale: "de-AT", script: false },
      ));
  },
);
