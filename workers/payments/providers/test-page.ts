/** Where a person pays or declines by hand in development, and where a test posts to (API.md: `tok_requires_action`). */
import type { Refusal } from "../../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../../shared/contracts/result";
import type { Env } from "../environment";
import { readSale, type Sale } from "../order-rows";
import { isLive } from "../order-states";
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
  if (isLive(payment.state)) {
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

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

export async function settlePage(env: Env, paymentId: string): Promise<Result<string, Refusal>> {
  const found = await actionSale(env, paymentId);
  if (!found.ok) return found;
  const { payment, lines } = found.value;
  const amount = `${payment.amount_minor} ${escapeHtml(payment.currency)} in minor units`;
  const buttons = isLive(payment.state)
    ? `<form method="post" action="${settleUrl(paymentId)}"><button>Pay</button></form>
<form method="post" action="${settleUrl(paymentId)}?outcome=declined"><button>Decline</button></form>`
    : `<p>This payment is ${payment.state}.</p>`;
  return ok(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Test payment</title>
<h1>Test payment</h1>
<ul>${lines.map((line) => `<li>${line.quantity} × ${escapeHtml(line.name)}</li>`).join("")}</ul>
<p>${amount}</p>
${buttons}
</html>`);
}
