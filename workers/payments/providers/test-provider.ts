/** The provider `test` (API.md): development only, answers by token, and settles like a real one, by signed webhooks. */
import { z } from "zod";
import { Id } from "../../../shared/contracts/ids";
import { ok, refuse } from "../../../shared/contracts/result";
import type { Env, Later } from "../environment";
import type { PaymentFact } from "../order-states";
import type { PaymentIntent, PaymentProvider, ProviderOutcome } from "./provider";
import { deliverLater, isScheduled, schedule } from "./test-deliveries";
import { SIGNATURE_HEADER, verify } from "./test-signature";

/** Within 2 s, with room for a busy machine. */
const ASYNC_AFTER_MS = 500;

const TOKENS = ["tok_success", "tok_decline", "tok_requires_action", "tok_async"] as const;
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
      return { status: "processing", reference };
  }
}

export function testProvider(env: Env, later: Later, secret: string, port: number): PaymentProvider {
  return {
    name: "test",
    readMethod(method) {
      const token = Token.safeParse(method?.token);
      if (token.success) return ok({ token: token.data });
      return refuse({
        code: "invalid_body",
        errors: [{ pointer: "/paymentMethod/token", message: `one of ${TOKENS.join(", ")}` }],
      });
    },
    async createPayment(intent) {
      const outcome = outcomeOf(intent);
      if (outcome.status === "processing") {
        const delivery = await schedule(env, {
          id: `evt_async_${intent.paymentId}`,
          payment_id: intent.paymentId,
          type: "payment.succeeded",
          failure_code: null,
          due_at_ms: Date.now() + ASYNC_AFTER_MS,
          port,
        });
        deliverLater(env, later, secret, delivery);
      }
      return outcome;
    },
    async verifyWebhook(body, headers, nowMs) {
      const text = new TextDecoder().decode(body);
      if (!(await verify(secret, text, headers.get(SIGNATURE_HEADER), nowMs))) return refuse({ code: "invalid_signature" });
      // Signed with our own secret, so that another form is a bug of ours and no input.
      const { id, type, data } = WebhookBody.parse(JSON.parse(text));
      return ok({ eventId: id, type, paymentId: data.paymentId, fact: EVENT_FACTS[type], failureCode: data.failureCode });
    },
    async lookUp(intent) {
      const outcome = outcomeOf(intent);
      return outcome.status === "processing" && !(await isScheduled(env, intent.paymentId)) ? null : outcome;
    },
  };
}
