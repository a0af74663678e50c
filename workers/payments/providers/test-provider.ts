/** The provider `test` (API.md): development only, answers by token, and settles like a real one, by signed webhooks. */
import { z } from "zod";
import { Id } from "../../../shared/contracts/ids";
import { ok, refuse } from "../../../shared/contracts/result";
import type { Env, Later } from "../environment";
import { type PaymentFact, SUPERSEDED } from "../order-states";
import type { PaymentIntent, PaymentProvider, ProviderOutcome } from "./provider";
import { cancelDeliveries, type Delivery, schedule, settlementOf } from "./test-deliveries";
import { SIGNATURE_HEADER, verify } from "./test-signature";

/** Within 2 s, with room for a busy machine. */
const ASYNC_AFTER_MS = 500;
/** After the order's end. */
const LATE_AFTER_MS = 5_000;
/** Three times within 4 s, and the word that should have come first in between. */
const SUCCESSES_AFTER_MS = [300, 1_200, 2_400];
const PROCESSING_AFTER_MS = 700;

const TOKENS = ["tok_success", "tok_decline", "tok_requires_action", "tok_async", "tok_late", "tok_duplicate"] as const;
const Token = z.enum(TOKENS);

const EVENT_FACTS = {
  "payment.processing": "payment_processing",
  "payment.succeeded": "payment_succeeded",
  "payment.failed": "payment_failed",
} as const satisfies Record<string, PaymentFact>;

const WebhookBody = z.object({
  id: z.string().min(1).max(200),
  type: z.enum(["payment.processing", "payment.succeeded", "payment.failed"]),
  data: z.object({ paymentId: Id, failureCode: z.string().nullable() }),
});

export const settleUrl = (paymentId: string): string => `/dev/test-provider/payments/${paymentId}/settle`;

const referenceOf = ({ paymentId }: PaymentIntent): string => `test_${paymentId}`;

/** The double is a function of the token: asked again, it says the same. */
function outcomeOf(intent: PaymentIntent): ProviderOutcome {
  const reference = referenceOf(intent);
  switch (Token.parse(intent.method.token)) {
    case "tok_success":
      return { status: "succeeded", reference };
    case "tok_decline":
      return { status: "failed", reference, failureCode: "card_declined" };
    case "tok_requires_action":
      return { status: "requires_action", reference, nextAction: { type: "redirect", url: settleUrl(intent.paymentId) } };
    case "tok_async":
    case "tok_late":
    case "tok_duplicate":
      return { status: "processing", reference };
  }
}

type Webhook = Pick<Delivery, "event_id" | "copy" | "type" | "due_at_ms">;

/** What comes by itself after the answer. A delivery again is the same event again. */
function webhooksOf({ paymentId, method, expiresAtMs }: PaymentIntent, nowMs: number): Webhook[] {
  const success = (event_id: string, due_at_ms: number, copy = 0): Webhook => ({
    event_id,
    copy,
    type: "payment.succeeded",
    due_at_ms,
  });
  switch (Token.parse(method.token)) {
    case "tok_async":
      return [success(`evt_async_${paymentId}`, nowMs + ASYNC_AFTER_MS)];
    case "tok_late":
      return [success(`evt_late_${paymentId}`, Math.max(nowMs, expiresAtMs) + LATE_AFTER_MS)];
    case "tok_duplicate":
      return [
        ...SUCCESSES_AFTER_MS.map((afterMs, copy) => success(`evt_duplicate_${paymentId}`, nowMs + afterMs, copy)),
        { event_id: `evt_processing_${paymentId}`, copy: 0, type: "payment.processing", due_at_ms: nowMs + PROCESSING_AFTER_MS },
      ];
    default:
      return [];
  }
}

export function testProvider(env: Env, later: Later, secret: string, port: number): PaymentProvider {
  return {
    name: "test",
    payableForMs: null,
    readMethod(method) {
      const token = Token.safeParse(method?.token);
      const { fingerprint } = method ?? {};
      if (token.success) return ok({ token: token.data, ...(fingerprint === undefined ? {} : { fingerprint }) });
      return refuse({
        code: "invalid_body",
        errors: [{ pointer: "/paymentMethod/token", message: `one of ${TOKENS.join(", ")}` }],
      });
    },
    async createPayment(intent) {
      const webhooks = webhooksOf(intent, Date.now());
      const about = { payment_id: intent.paymentId, failure_code: null, port };
      await schedule(
        env,
        later,
        secret,
        webhooks.map((webhook) => ({ ...webhook, ...about })),
      );
      return outcomeOf(intent);
    },
    async verifyWebhook(body, headers, nowMs) {
      const text = new TextDecoder().decode(body);
      if (!(await verify(secret, text, headers.get(SIGNATURE_HEADER), nowMs))) return refuse({ code: "invalid_signature" });
      // Signed with our own secret, so that another form is a bug of ours and no input.
      const { id, type, data } = WebhookBody.parse(JSON.parse(text));
      const word = { paymentId: data.paymentId, fact: EVENT_FACTS[type], failureCode: data.failureCode, reference: null };
      return ok({ eventId: id, type, word });
    },
    async lookUp(intent) {
      const outcome = outcomeOf(intent);
      const settlement = await settlementOf(env, intent.paymentId);
      if (outcome.status === "processing" && !settlement) return null;
      // What is settled is so, whether or not its webhook has arrived.
      if (!settlement || settlement.due_at_ms > Date.now()) return outcome;
      return settlement.type === "payment.succeeded"
        ? { status: "succeeded", reference: outcome.reference }
        : { status: "failed", reference: outcome.reference, failureCode: settlement.failure_code ?? "card_declined" };
    },
    async fingerprintOf({ method }) {
      return method.fingerprint ?? null;
    },
    async cancelPayment(intent) {
      // A payment that waits for nobody any more is not settled by its page or its time; one that was settled before stays so.
      await cancelDeliveries(env, intent.paymentId, Date.now());
      const settlement = await settlementOf(env, intent.paymentId);
      return settlement?.type === "payment.succeeded"
        ? { status: "succeeded", reference: referenceOf(intent) }
        : { status: "failed", reference: referenceOf(intent), failureCode: SUPERSEDED };
    },
    async refundPayment({ refundId }) {
      return { status: "succeeded", reference: `test_${refundId}` };
    },
  };
}
