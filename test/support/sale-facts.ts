/** The facts of a sale as fast-check makes them. */
import fc from "fast-check";
import { PAYMENT_MOODS, type PaymentMood, REFUND_MOODS, type RefundMood } from "./sale-bank";
import { HOLD_MS } from "./sale-world";

const PARTS = ["all", "some", "a ticket"] as const;
export type Part = (typeof PARTS)[number];

export type Fact =
  | { type: "place"; free: boolean; quantity: number }
  | { type: "pay"; order: number; mood: PaymentMood; back: RefundMood }
  | { type: "settle"; charge: number; paid: boolean }
  | { type: "settleReturn"; back: number; paid: boolean }
  | { type: "deliver"; event: number; times: number }
  | { type: "cancel"; order: number }
  | { type: "refund"; payment: number; part: Part; back: RefundMood }
  | { type: "pass"; ms: number }
  | { type: "sweep" }
  | { type: "ring" }
  | { type: "close"; reason: "cancelled" | "completed" }
  | { type: "kill"; fact: Fact; after: number }
  | { type: "race"; facts: Fact[]; choices: number[] };

const index = fc.nat({ max: 5 });
const place = fc.record({
  type: fc.constant("place" as const),
  free: fc.boolean().map((free) => free && true),
  quantity: fc.integer({ min: 1, max: 2 }),
});
const pay = fc.record({
  type: fc.constant("pay" as const),
  order: index,
  mood: fc.constantFrom(...PAYMENT_MOODS),
  back: fc.constantFrom(...REFUND_MOODS),
});
const settle = fc.record({ type: fc.constant("settle" as const), charge: index, paid: fc.boolean() });
const settleReturn = fc.record({ type: fc.constant("settleReturn" as const), back: index, paid: fc.boolean() });
const deliver = fc.record({
  type: fc.constant("deliver" as const),
  event: fc.nat({ max: 11 }),
  times: fc.integer({ min: 1, max: 3 }),
});
const cancel = fc.record({ type: fc.constant("cancel" as const), order: index });
const refund = fc.record({
  type: fc.constant("refund" as const),
  payment: index,
  part: fc.constantFrom(...PARTS),
  back: fc.constantFrom(...REFUND_MOODS),
});
const pass = fc.record({ type: fc.constant("pass" as const), ms: fc.constantFrom(3_000, 61_000, HOLD_MS, 3_700_000) });
const sweep = fc.constant({ type: "sweep" as const });
const ring = fc.constant({ type: "ring" as const });
const close = fc.record({
  type: fc.constant("close" as const),
  reason: fc.constantFrom("cancelled" as const, "completed" as const),
});

const atOnce = fc.oneof(pay, deliver, deliver, cancel, refund, sweep, settle);
const race = fc.record({
  type: fc.constant("race" as const),
  // The same twice, as providers and impatient buyers do it, or different ones.
  facts: fc.oneof(
    fc.array(atOnce, { minLength: 2, maxLength: 3 }),
    atOnce.map((one) => [one, one]),
  ),
  choices: fc.array(fc.nat({ max: 5 }), { maxLength: 24 }),
});

const kill = fc.record({ type: fc.constant("kill" as const), fact: atOnce, after: fc.nat({ max: 6 }) });

const fact: fc.Arbitrary<Fact> = fc.oneof(
  { weight: 3, arbitrary: place },
  { weight: 5, arbitrary: pay },
  { weight: 3, arbitrary: settle },
  { weight: 1, arbitrary: settleReturn },
  { weight: 5, arbitrary: deliver },
  { weight: 2, arbitrary: cancel },
  { weight: 3, arbitrary: refund },
  { weight: 3, arbitrary: pass },
  { weight: 2, arbitrary: sweep },
  { weight: 1, arbitrary: ring },
  { weight: 1, arbitrary: close },
  { weight: 3, arbitrary: race },
  { weight: 2, arbitrary: kill },
);

/** Each begins with an order: without one nothing happens. */
export const facts: fc.Arbitrary<Fact[]> = fc
  .tuple(place, fc.array(fact, { minLength: 4, maxLength: 11 }))
  .map(([first, rest]) => [{ ...first, free: false }, ...rest]);
