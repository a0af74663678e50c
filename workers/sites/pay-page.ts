/** `/o/<order>/pay`: Stripe's Payment Element, in the organizer's colours. The card's data go from its frame to Stripe, never here. */
import { html } from "hono/html";
import { orderPath } from "../../shared/http/guest-links";
import { clock } from "./clock";
import { linesTable } from "./lines";
import type { Sale } from "./order-page";
import type { Page } from "./page";
import type { Site } from "./site";
import { steps } from "./steps";
import { moneyText } from "./text";

/** A publishable key, of a sandbox or live: what does not look like one is none. */
export const PUBLISHABLE_KEY = /^pk_(test|live)_\w+$/;

/** docs.stripe.com/js: the element is mounted with the intent's client secret, and confirming leads to the return URL. */
const STRIPE_SCRIPT = `(() => {
"use strict";
const form = document.querySelector("#card");
const button = form.querySelector("button");
const told = document.querySelector("#card-news");
const fail = (text) => { told.textContent = text; button.disabled = false; };
if (!window.Stripe) return fail(form.dataset.unavailable);
const styles = getComputedStyle(document.documentElement);
const stripe = Stripe(form.dataset.key, { locale: document.documentElement.lang });
const elements = stripe.elements({
  clientSecret: form.dataset.secret,
  appearance: { variables: { colorPrimary: styles.getPropertyValue("--link").trim(), fontFamily: getComputedStyle(document.body).fontFamily, borderRadius: "8px" } },
});
const element = elements.create("payment");
element.on("ready", () => { button.disabled = false; });
element.mount("#card-element");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  told.textContent = "";
  const { error } = await stripe.confirmPayment({ elements, confirmParams: { return_url: form.dataset.back } });
  if (error) fail(error.message || form.dataset.unavailable);
});
})();`;

export interface CardPayment {
  clientSecret: string;
  publishableKey: string;
  returnUrl: string;
}

export function payPage(
  site: Site,
  { order, event }: Sale,
  { clientSecret, publishableKey, returnUrl }: CardPayment,
  nowMs: number,
): Page {
  const { words } = site.language;
  const path = orderPath(order.id);
  return {
    title: `${words.cardPayment} – ${event.title}`,
    description: words.cardPayment,
    isPersonal: true,
    stripe: true,
    script: STRIPE_SCRIPT,
    content: html`${steps("stepPayment", words)}
<h1>${words.cardPayment}</h1>
${clock(order.expiresAt, event.timezone, nowMs, words)}
<div class="two"><div><noscript><p class="notice bad">${words.needsScript}</p></noscript>
<form id="card" data-key="${publishableKey}" data-secret="${clientSecret}" data-back="${returnUrl}" data-unavailable="${words.paymentUnavailable}">
<div id="card-element"></div>
<p class="error" id="card-news" role="alert"></p>
<p class="actions"><button disabled>${words.pay(moneyText(order.total, site.language))}</button><a class="button plain" href="${path}">${words.backToOrder}</a></p>
</form></div>
<section class="panel" aria-labelledby="ordered"><h2 id="ordered">${words.yourSelection}</h2>
${linesTable({ lines: order.items, total: order.total }, site.language)}</section></div>`,
  };
}
