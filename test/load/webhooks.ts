/** What a payment provider sends: signed events, each of its own, about payments that are there. */
import { createHmac, randomUUID } from "node:crypto";
import type { Step } from "./drive.ts";

/** As the provider `test` signs (workers/payments/providers/test-signature.ts). */
function sign(secret: string, body: string, nowMs: number): string {
  const mac = createHmac("sha256", secret)
    .update(["test_webhook", String(nowMs), body].join("\0"))
    .digest("base64url");
  return `t=${nowMs},v1=${mac}`;
}

/** Every request is another event: a repeated one would only be looked up. */
export function webhookStep(secret: string, paymentIds: readonly string[]): () => Step {
  let sent = 0;
  return () => {
    const paymentId = paymentIds[sent++ % paymentIds.length];
    const nowMs = Date.now();
    const body = JSON.stringify({
      id: `evt_${randomUUID()}`,
      type: "payment.processing",
      created: nowMs,
      data: { paymentId, failureCode: null },
    });
    const headers = { "content-type": "application/json", "bilten-test-signature": sign(secret, body, nowMs) };
    return { method: "POST", path: "/v1/payments/webhooks/test", headers, body };
  };
}
