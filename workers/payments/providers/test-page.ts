/** Where a person pays or declines by hand in development, and where a test posts to (API.md: `tok_requires_action`). */
import { html, raw } from "hono/html";
import { money } from "../../../shared/contracts/money";
import type { Payment } from "../../../shared/contracts/orders";
import type { Refusal } from "../../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../../shared/contracts/result";
import { readableMoney } from "../../../shared/locale/money";
import type { Env } from "../environment";
import { readSale, type Sale } from "../order-rows";
import { ABANDONED, isLive, paymentStatus } from "../order-states";
import { dbOf } from "../shards";
import { type Delivery, deliver, settlementOf, write } from "./test-deliveries";
import { settleUrl } from "./test-provider";

async function actionSale(env: Env, paymentId: string): Promise<Result<Sale, Refusal<"payment_not_found">>> {
  const db = dbOf(env, paymentId);
  const sale = db ? await readSale(db, paymentId) : null;
  // Only a payment that asked for it can be settled by whoever knows its address.
  return sale?.payment.provider === "test" && sale.payment.next_action !== null
    ? ok(sale)
    : refuse({ code: "payment_not_found" });
}

/** The webhook has been taken when this answers; the order is paid a moment later. The first settlement of a payment stays. */
export async function settleByHand(
  env: Env,
  paymentId: string,
  outcome: "paid" | "declined",
  port: number,
): Promise<Result<{ returnUrl: string | null }, Refusal>> {
  const secret = env.TEST_PROVIDER_SECRET;
  if (!secret) return refuse({ code: "not_found" });
  const found = await actionSale(env, paymentId);
  if (!found.ok) return found;
  const { payment } = found.value;
  // Pressed at the same time as the order was cancelled: money that comes all the same.
  if (isLive(payment.state) || payment.failure_code === ABANDONED) {
    const delivery: Delivery = {
      event_id: `evt_settle_${paymentId}`,
      copy: 0,
      payment_id: paymentId,
      type: outcome === "paid" ? "payment.succeeded" : "payment.failed",
      failure_code: outcome === "paid" ? null : "card_declined",
      due_at_ms: Date.now(),
      port,
    };
    await write(env, [delivery]);
    await deliver(env, secret, (await settlementOf(env, paymentId)) ?? delivery);
  }
  return ok({ returnUrl: payment.return_url });
}

const STYLE = `*{box-sizing:border-box}
body{margin:0;background:#f4f4f5;color:#18181b;font:1.0625rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:28rem;margin:0 auto;padding:2rem 1rem}
section{background:#fff;border:1px solid #d4d4d8;border-top:.5rem solid #71717a;border-radius:.75rem;padding:1.25rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem}
ul{padding:0;list-style:none}
.note{color:#52525b}
.sum{font-size:1.3rem;font-weight:700}
form{margin:.75rem 0}
button{font:inherit;font-weight:700;width:100%;min-height:3rem;border:1px solid #18181b;border-radius:.5rem;background:#18181b;color:#fff;cursor:pointer}
.plain button{background:#fff;color:#18181b}
:focus-visible{outline:3px solid #1d4ed8;outline-offset:3px}`;

const LOCALE = "en-GB";

/** What is said of a payment that has ended. */
const SETTLED: Record<Payment["status"], string> = {
  requires_action: "This payment has ended.",
  processing: "This payment is being processed.",
  succeeded: "This payment has succeeded: it was made before.",
  failed: "This payment was declined.",
  refunded: "This payment was paid back.",
  partially_refunded: "A part of this payment was paid back.",
};

/** A provider's page looks like itself, not like the organizer's; only its own style gets through, by this answer's nonce. */
export async function settlePage(env: Env, paymentId: string): Promise<Result<Response, Refusal>> {
  const found = await actionSale(env, paymentId);
  if (!found.ok) return found;
  const { payment, lines } = found.value;
  const amount = readableMoney(money(payment.amount_minor, payment.currency), LOCALE);
  const nonce = crypto.getRandomValues(new Uint8Array(16)).toBase64();
  const buttons = isLive(payment.state)
    ? html`<form method="post" action="${settleUrl(paymentId)}"><button>Pay ${amount}</button></form>
<form class="plain" method="post" action="${settleUrl(paymentId)}?outcome=declined"><button>Decline</button></form>`
    : html`<p>${SETTLED[paymentStatus(payment.state)]}</p>
${payment.return_url === null ? "" : html`<p><a href="${payment.return_url}">Back to your order</a></p>`}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Test payment</title>
<style nonce="${nonce}">${raw(STYLE)}</style>
</head>
<body><main><section>
<h1>Test payment</h1>
<p class="note">The test provider, in development only. No money moves: you decide what becomes of the payment.</p>
<ul>${lines.map(({ quantity, name }) => html`<li>${quantity} × <span dir="auto">${name}</span></li>`)}</ul>
<p class="sum">${amount}</p>
${buttons}
</section></main></body>
</html>
`;
  return ok(
    new Response(String(await page), {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
        "cache-control": "no-store",
        // The form leads back to the shop on this host, whose pages want to know where a form stood.
        "referrer-policy": "same-origin",
      },
    }),
  );
}
