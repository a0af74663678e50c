/** What each buyer will do, from a seed alone: the same seed is the same crowd, whatever the machine makes of its order. */

export interface ChaosOptions {
  seed: number;
  sales: number;
  kills: number;
  /** Each restart ends the leases of requests that were cut off, for which clients otherwise wait half a minute, and late money may stay out. */
  hurried?: boolean;
}

/** `scarce` sells out; `brief` has holds of two seconds; `doomed` is cancelled while it sells; `plenty` and `free` have room for all. */
export const SHOWS = ["plenty", "scarce", "free", "brief", "doomed"] as const;
export type Show = (typeof SHOWS)[number];

export const TOKENS = ["tok_success", "tok_decline", "tok_async", "tok_requires_action", "tok_late", "tok_duplicate"] as const;
export type Token = (typeof TOKENS)[number];

/** What follows an order. `race`: paid and cancelled at the same moment. `twice`: two payments at the same moment. */
export const ENDINGS = ["pay", "twice", "race", "cancel", "abandon"] as const;
export type Ending = (typeof ENDINGS)[number];

/** What follows a payment. `refund_twice`: all of it, two organizers at the same moment. */
export const SEQUELS = ["none", "check_in", "refund_all", "refund_amount", "refund_ticket", "refund_twice"] as const;
export type Sequel = (typeof SEQUELS)[number];

export interface Sale {
  number: number;
  show: Show;
  /** Reserves first and orders the hold, or orders at once. */
  holdFirst: boolean;
  quantity: number;
  /** Of both ticket types, where there are two. */
  mixed: boolean;
  ending: Ending;
  /** Tried one after the other until one does not fail. */
  tokens: Token[];
  sequel: Sequel;
  /** Sends what was answered once more, with the same key. */
  repeats: boolean;
}

export interface Plan {
  sales: Sale[];
  /** How many sales have begun when workerd is killed, and how long after. */
  kills: { afterSales: number; pauseMs: number }[];
  /** How many sales have begun when the doomed show is cancelled. */
  cancelAfterSales: number;
}

export type Random = () => number;

/** mulberry32: 32 bits of state, good enough for a crowd. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the keys, each as often as its weight says. */
function pick<K extends string>(random: Random, weights: Partial<Record<K, number>>): K {
  const entries = Object.entries(weights) as [K, number][];
  let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [key, weight] of entries) {
    left -= weight;
    if (left < 0) return key;
  }
  throw new Error("nothing to pick from");
}

function tokensOf(random: Random): Token[] {
  const first = pick<Token>(random, {
    tok_success: 40,
    tok_decline: 12,
    tok_async: 15,
    tok_requires_action: 15,
    tok_late: 8,
    tok_duplicate: 10,
  });
  return first === "tok_decline" ? ["tok_decline", "tok_success"] : [first];
}

function planSale(random: Random, number: number): Sale {
  const show = pick<Show>(random, { plenty: 36, scarce: 28, free: 10, brief: 14, doomed: 12 });
  return {
    number,
    show,
    holdFirst: random() < 0.4,
    quantity: 1 + Math.floor(random() * 4),
    mixed: show === "scarce" && random() < 0.3,
    ending: pick<Ending>(random, { pay: 65, twice: 10, race: 10, cancel: 7, abandon: 8 }),
    tokens: tokensOf(random),
    sequel: pick<Sequel>(random, {
      none: 40,
      check_in: 20,
      refund_all: 14,
      refund_amount: 10,
      refund_ticket: 10,
      refund_twice: 6,
    }),
    repeats: random() < 0.25,
  };
}

export function planOf({ seed, sales, kills }: ChaosOptions): Plan {
  const random = randomOf(seed);
  const crowd = Array.from({ length: sales }, (_, number) => planSale(random, number));
  const shots = Array.from({ length: kills }, (_, index) => ({
    // One in each part of the crowd; the last one when all have begun and many still wait for their money's word.
    afterSales: index === kills - 1 ? sales : Math.floor(((index + random()) * sales) / kills),
    pauseMs: Math.floor(random() * 400),
  }));
  // Right before a kill, so that nobody may rely on the news of it.
  const cancelAfterSales = shots[Math.floor((kills - 1) / 2)]?.afterSales ?? Math.floor(sales / 2);
  return { sales: crowd, kills: shots, cancelAfterSales };
}
