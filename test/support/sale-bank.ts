/** A payment provider that can be read: what it took and gave back is the truth, what it says of that may be late, lost or repeated. */
import { ok, refuse } from "../../shared/contracts/result";
import type { PaymentProvider, ProviderEvent, ProviderOutcome, RefundOutcome } from "../../workers/payments/providers/provider";

/** How a payment goes, by its token. `lost`: the money is taken and nobody hears. `silent`: nothing arrives there. */
export const PAYMENT_MOODS = ["succeeded", "failed", "requires_action", "processing", "lost", "silent"] as const;
export type PaymentMood = (typeof PAYMENT_MOODS)[number];
export const REFUND_MOODS = ["succeeded", "pending", "failed", "lost", "silent"] as const;
export type RefundMood = (typeof REFUND_MOODS)[number];

interface Charge {
  paymentId: string;
  amountMinor: number;
  status: ProviderOutcome["status"];
  /** Nothing more may come of it. */
  stopped: boolean;
}

interface Return {
  key: string;
  refundId: string;
  paymentId: string;
  amountMinor: number;
  status: RefundOutcome["status"];
}

const FACTS = {
  requires_action: "payment_action_required",
  processing: "payment_processing",
  succeeded: "payment_succeeded",
  failed: "payment_failed",
} as const;
const REFUND_FACTS = { pending: "refund_pending", succeeded: "refund_succeeded", failed: "refund_failed" } as const;

export class Bank {
  readonly charges = new Map<string, Charge>();
  readonly returns = new Map<string, Return>();
  /** All that it has to say; each may be delivered in any order and more than once. */
  readonly events: ProviderEvent[] = [];
  refundMood: RefundMood = "succeeded";

  takenFor(paymentIds: readonly string[]): number {
    const taken = [...this.charges.values()].filter(
      ({ paymentId, status }) => paymentIds.includes(paymentId) && status === "succeeded",
    );
    const back = [...this.returns.values()].filter(
      ({ paymentId, status }) => paymentIds.includes(paymentId) && status === "succeeded",
    );
    const sum = (some: readonly { amountMinor: number }[]) => some.reduce((total, { amountMinor }) => total + amountMinor, 0);
    return sum(taken) - sum(back);
  }

  /** The buyer acts, or his bank does: also after a first refusal, but never twice and not after it was stopped. */
  settle(charge: Charge, isPaid: boolean): void {
    if (charge.status === "succeeded" || charge.stopped) return;
    charge.status = isPaid ? "succeeded" : "failed";
    this.#tell(charge);
  }

  /** A refund's last word; one that succeeded may come back. */
  settleReturn(back: Return, isPaid: boolean): void {
    if (back.status === (isPaid ? "succeeded" : "failed") || back.status === "failed") return;
    back.status = isPaid ? "succeeded" : "failed";
    this.#tellReturn(back);
  }

  #tell({ paymentId, status }: Charge): void {
    const word = { paymentId, fact: FACTS[status], failureCode: status === "failed" ? "card_declined" : null, reference: null };
    this.events.push({ eventId: `evt_${this.events.length}`, type: "payment", word });
  }

  #tellReturn({ paymentId, refundId, status }: Return): void {
    const word = { paymentId, refundId, fact: REFUND_FACTS[status], failureCode: null, reference: null };
    this.events.push({ eventId: `evt_${this.events.length}`, type: "refund", word });
  }

  provider(): PaymentProvider {
    const outcomeOf = ({ paymentId, status }: Charge): ProviderOutcome => ({
      status,
      reference: `bank_${paymentId}`,
      ...(status === "requires_action" ? { nextAction: { type: "redirect" as const, url: "/settle" } } : {}),
      ...(status === "failed" ? { failureCode: "card_declined" } : {}),
    });
    return {
      name: "test",
      payableForMs: null,
      readMethod: (method) => ok({ token: method?.token ?? "succeeded" }),
      createPayment: async ({ paymentId, amountMinor, method }) => {
        const known = this.charges.get(paymentId);
        if (known) return outcomeOf(known);
        const mood = method.token as PaymentMood;
        if (mood === "silent") throw new Error("the provider does not answer");
        const status = mood === "lost" ? "succeeded" : mood;
        const charge: Charge = { paymentId, amountMinor, status, stopped: false };
        this.charges.set(paymentId, charge);
        this.#tell(charge);
        if (mood === "lost") throw new Error("the provider's answer is lost");
        return outcomeOf(charge);
      },
      lookUp: async ({ paymentId }) => {
        const known = this.charges.get(paymentId);
        return known ? outcomeOf(known) : null;
      },
      cancelPayment: async ({ paymentId, amountMinor }) => {
        const charge = this.charges.get(paymentId) ?? { paymentId, amountMinor, status: "failed" as const, stopped: true };
        if (charge.status !== "succeeded") Object.assign(charge, { status: "failed", stopped: true });
        return outcomeOf(charge);
      },
      refundPayment: async ({ refundId, generation, paymentId, amountMinor }) => {
        const key = `${refundId} ${generation}`;
        const reference = `back_${key}`;
        const known = this.returns.get(key);
        if (known) return { status: known.status, reference };
        if (this.refundMood === "silent") throw new Error("the provider does not answer");
        const status = this.refundMood === "lost" ? "succeeded" : this.refundMood;
        const back: Return = { key, refundId, paymentId, amountMinor, status };
        this.returns.set(key, back);
        this.#tellReturn(back);
        if (this.refundMood === "lost") throw new Error("the provider's answer is lost");
        return { status, reference };
      },
      verifyWebhook: async (body) => {
        const event = this.events[Number(new TextDecoder().decode(body))];
        return event ? ok(event) : refuse({ code: "invalid_signature" });
      },
    };
  }
}
