/**
 * Stripe's Payment Element on the pages: the house's Stripe is the double, and so is the browser's `js.stripe.com`, which is served under
 * its own name, so that the page's policy lets it through or does not.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../support/chromium";
import { hasSpecs, NO_SPECS } from "../support/fake-stripe/schemas";
import { visit } from "../support/looking";
import { openStripeHouse, PUBLISHABLE_KEY, type StripeHouse } from "../support/stripe-house";

const executablePath = findChromium();

/** As much of Stripe.js as a page may use: an element in a frame of Stripe's, and a confirmation that asks Stripe's API. */
const STRIPE_JS = `window.Stripe = (key, options) => ({
  elements: ({ clientSecret, appearance }) => ({
    create: (type) => ({
      on: (name, heard) => setTimeout(heard, 50),
      mount: (selector) => {
        const frame = document.createElement("iframe");
        frame.src = "https://js.stripe.com/v3/inner.html";
        frame.title = "Secure payment input frame";
        frame.dataset.asked = JSON.stringify({ key, options, clientSecret, type, color: appearance.variables.colorPrimary });
        document.querySelector(selector).append(frame);
      },
    }),
  }),
  confirmPayment: async ({ confirmParams }) => {
    const answer = await (await fetch("https://api.stripe.com/v1/confirm")).json();
    if (answer.error) return answer;
    location.href = confirmParams.return_url + "&payment_intent=pi_1&payment_intent_client_secret=secret&redirect_status=succeeded";
    return {};
  },
});`;

describe.skipIf(executablePath === null || !hasSpecs())(
  `paying by card in ${executablePath ?? "a Chromium, of which there is none on the PATH"}${hasSpecs() ? "" : `: ${NO_SPECS}`}`,
  () => {
    let browser: Browser;
    let stripe: StripeHouse;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
      stripe = await openStripeHouse();
    });
    afterAll(async () => {
      await browser?.close();
      await stripe?.stop();
    });

    async function serveStripe(page: Page, confirm: () => unknown): Promise<void> {
      const headers = { "access-control-allow-origin": "*" };
      await page.route("https://js.stripe.com/v3/", (route) =>
        route.fulfill({ contentType: "text/javascript", body: STRIPE_JS }),
      );
      await page.route("https://js.stripe.com/v3/inner.html", (route) =>
        route.fulfill({
          contentType: "text/html",
          body: '<html lang="en"><title>Card</title><main><h2>Card number</h2></main></html>',
        }),
      );
      await page.route("https://api.stripe.com/**", (route) => route.fulfill({ headers, json: confirm() }));
    }

    test("a guest types the card into Stripe's frame, is told of a decline, tries again and has the tickets", async () => {
      const { box } = stripe.shop;
      const visitor = await visit(browser, "phone");
      const { page, complaints, look } = visitor;
      let asked = 0;
      await serveStripe(page, () => {
        asked += 1;
        if (asked === 1) return { error: { message: "Your card was declined." } };
        const [intent] = [...stripe.stripe.books.intents.values()];
        if (intent) stripe.stripe.books.confirm(intent, "pm_card_visa");
        return {};
      });
      const site = stripe.house.origin.replace("127.0.0.1", `${box.organizer.slug}.localhost`);
      await page.goto(`${site}/e/${box.event.id}`);
      await page.getByLabel("How many: Standing").selectOption("2");
      await page.getByRole("button", { name: "Reserve tickets" }).click();
      await page.getByLabel("Name", { exact: true }).fill("Card Holder");
      await page.getByLabel("E-mail").fill("card@people.example");
      await page.getByRole("button", { name: "Continue to payment" }).click();
      await page.getByRole("button", { name: "Pay €50.00 by card or another method" }).click();
      const pay = page.getByRole("button", { name: "Pay €50.00" });
      await page.frameLocator("iframe").getByText("Card number").waitFor();
      const frame = JSON.parse((await page.locator("iframe").getAttribute("data-asked")) ?? "{}");
      expect(frame).toMatchObject({ key: PUBLISHABLE_KEY, options: { locale: "en" }, type: "payment", color: "#1d4ed8" });
      expect(frame.clientSecret).toMatch(/^pi_\w+_secret_\w+$/);
      await look("card-1-form");
      await pay.click();
      await page.getByText("Your card was declined.").waitFor({ state: "visible" });
      await look("card-2-declined");
      await pay.click();
      await page.getByText("Thank you! Your order is paid.").waitFor({ state: "visible" });
      expect(page.url()).toMatch(/\/o\/[0-9a-f-]{36}$/);
      expect(complaints).toEqual([]);
      await visitor.close();
    });
  },
);
