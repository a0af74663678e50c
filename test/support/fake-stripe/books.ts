/** What the double knows: intents and refunds, and how they move. It decides by the method's name, as Stripe's test cards do. */
import { randomBytes } from "node:crypto";
import type { Form, Schemas } from "./schemas.ts";
import { textAt } from "./schemas.ts";

export type Metadata = Record<string, string>;

export interface Intent extends Record<string, unknown> {
  id: string;
  object: "payment_intent";
  amount: number;
  amount_received: number;
  currency: string;
  client_secret: string;
  created: number;
  metadata: Metadata;
  status: "requires_payment_method" | "requires_action" | "processing" | "succeeded" | "canceled";
  last_payment_error: Record<string, unknown> | null;
  next_action: Record<string, unknown> | null;
  latest_charge: string | null;
}

export interface Refund extends Record<string, unknown> {
  id: string;
  object: "refund";
  amount: number;
  created: number;
  payment_intent: string;
  metadata: Metadata;
  status: "pending" | "succeeded" | "failed";
  failure_reason?: string;
}

export class StripeFault extends Error {
  readonly status: number;
  readonly error: Record<string, unknown>;
  constructor(status: number, error: Record<string, unknown>) {
    super(String(error.message ?? error.code));
    this.status = status;
    this.error = error;
  }
}

const invalid = (code: string, message: string): StripeFault =>
  new StripeFault(400, { type: "invalid_request_error", code, message });

/** In Stripe's units, as it documents it for a few. */
const LEAST: Record<string, number> = { eur: 50, usd: 50, gbp: 30, jpy: 50 };

const newId = (prefix: string): string => `${prefix}_${randomBytes(12).toString("hex")}`;
const nowS = (): number => Math.floor(Date.now() / 1_000);

export class Books {
  readonly intents = new Map<string, Intent>();
  readonly refunds = new Map<string, Refund>();
  readonly #schemas: Schemas;
  /** Of each intent the one that it was last paid with. */
  readonly #methods = new Map<string, string>();
  readonly #tell: (type: string, object: Intent | Refund) => void;
  /** How a refund ends; `pending` until `settleRefund`. */
  refundsEnd: Refund["status"] = "succeeded";

  constructor(schemas: Schemas, tell: (type: string, object: Intent | Refund) => void) {
    this.#schemas = schemas;
    this.#tell = tell;
  }

  createIntent(form: Form): Intent {
    const amount = Number(textAt(form, "amount"));
    const currency = textAt(form, "currency") ?? "";
    if (amount < (LEAST[currency] ?? 1)) throw invalid("amount_too_small", "Amount must be no less than the minimum");
    const id = newId("pi");
    const intent: Intent = {
      ...this.#schemas.resource("payment_intent"),
      id,
      object: "payment_intent",
      amount,
      amount_received: 0,
      currency,
      client_secret: `${id}_secret_${randomBytes(12).toString("hex")}`,
      created: nowS(),
      metadata: metadataOf(form),
      status: "requires_payment_method",
      last_payment_error: null,
      next_action: null,
      latest_charge: null,
    };
    this.intents.set(id, intent);
    this.#tell("payment_intent.created", intent);
    const method = textAt(form, "payment_method");
    if (textAt(form, "confirm") === "true" && method !== undefined) this.confirm(intent, method, textAt(form, "return_url"));
    return intent;
  }

  /** As the buyer's browser does it, or the one that makes the intent. */
  confirm(intent: Intent, method: string, returnUrl?: string): void {
    if (intent.status === "succeeded" || intent.status === "canceled")
      throw invalid("payment_intent_unexpected_state", `This PaymentIntent is ${intent.status}`);
    this.#methods.set(intent.id, method);
    if (method.includes("Declined")) {
      this.#decline(intent, /Declined(\w+)$/.exec(method)?.[1]);
    } else if (method.includes("authenticationRequired")) {
      intent.status = "requires_action";
      intent.next_action = returnUrl
        ? {
            type: "redirect_to_url",
            redirect_to_url: {
              url: `https://hooks.stripe.example/${intent.id}?payment_intent_client_secret=${intent.client_secret}`,
              return_url: returnUrl,
            },
          }
        : { type: "use_stripe_sdk", use_stripe_sdk: {} };
      this.#tell("payment_intent.requires_action", intent);
    } else if (method.includes("bank")) {
      intent.status = "processing";
      this.#tell("payment_intent.processing", intent);
    } else {
      this.succeed(intent);
    }
  }

  /** A card is told by its method: each has a fingerprint of its own, the same over all payments. */
  withCharge(intent: Intent): unknown {
    const fingerprint = this.#methods.get(intent.id) ?? null;
    const charge = intent.latest_charge && {
      id: intent.latest_charge,
      object: "charge",
      payment_method_details: { type: "card", card: { fingerprint } },
    };
    return { ...intent, latest_charge: charge };
  }

  succeed(intent: Intent): void {
    Object.assign(intent, {
      status: "succeeded",
      amount_received: intent.amount,
      latest_charge: newId("ch"),
      next_action: null,
      last_payment_error: null,
    });
    this.#tell("payment_intent.succeeded", intent);
  }

  fail(intent: Intent, code: string): void {
    Object.assign(intent, {
      status: "requires_payment_method",
      next_action: null,
      last_payment_error: { type: "card_error", code, message: "refused" },
    });
    this.#tell("payment_intent.payment_failed", intent);
  }

  #decline(intent: Intent, reason: string | undefined): never {
    const declineCode = reason ? reason.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase() : "generic_decline";
    intent.status = "requires_payment_method";
    intent.last_payment_error = {
      type: "card_error",
      code: "card_declined",
      decline_code: declineCode,
      message: "Your card was declined.",
    };
    this.#tell("payment_intent.payment_failed", intent);
    throw new StripeFault(402, { ...intent.last_payment_error, payment_intent: structuredClone(intent) });
  }

  cancel(intent: Intent): Intent {
    if (intent.status === "succeeded" || intent.status === "canceled")
      throw invalid("payment_intent_unexpected_state", `You cannot cancel this PaymentIntent because it is ${intent.status}`);
    intent.status = "canceled";
    this.#tell("payment_intent.canceled", intent);
    return intent;
  }

  intent(id: string): Intent {
    const found = this.intents.get(id);
    if (!found)
      throw new StripeFault(404, { type: "invalid_request_error", code: "resource_missing", message: "No such payment_intent" });
    return found;
  }

  refund(form: Form): Refund {
    const intent = this.intent(textAt(form, "payment_intent") ?? "");
    const given = [...this.refunds.values()].filter(
      ({ payment_intent, status }) => payment_intent === intent.id && status !== "failed",
    );
    const left = intent.amount_received - given.reduce((sum, { amount }) => sum + amount, 0);
    const amount = Number(textAt(form, "amount") ?? left);
    if (left === 0) throw invalid("charge_already_refunded", "Charge has already been refunded.");
    if (amount > left) throw invalid("amount_too_large", "Refund amount is greater than unrefunded amount on charge");
    const refund: Refund = {
      ...this.#schemas.resource("refund"),
      id: newId("re"),
      object: "refund",
      amount,
      charge: intent.latest_charge,
      created: nowS(),
      currency: intent.currency,
      payment_intent: intent.id,
      metadata: metadataOf(form),
      status: this.refundsEnd,
      ...(this.refundsEnd === "failed" ? { failure_reason: "lost_or_stolen_card" } : {}),
    };
    this.refunds.set(refund.id, refund);
    this.#tell("refund.created", refund);
    return refund;
  }

  settleRefund(refund: Refund, status: "succeeded" | "failed"): void {
    Object.assign(refund, { status, ...(status === "failed" ? { failure_reason: "expired_or_canceled_card" } : {}) });
    this.#tell(status === "failed" ? "refund.failed" : "refund.updated", refund);
  }
}

const metadataOf = (form: Form): Metadata =>
  typeof form.metadata === "object"
    ? Object.fromEntries(Object.entries(form.metadata).map(([name, value]) => [name, String(value)]))
    : {};
