/** Time passes, sweeps come, and afterwards the books must be right: the end of each test of faults. */
import { expect, vi } from "vitest";
import type { Till } from "./payments-room";
import { faultsInBooks } from "./sale-books";

export const MINUTE_MS = 60_000;
export const passTime = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });

/** An event with one ticket to sell. */
export const oneTicket = (price = 2500) => ({
  capacity: 1,
  ticketTypes: [{ name: "One", price: { amount: price, currency: "EUR" }, quantity: 1 }],
});

export async function sweepAfter(till: Till, ms: number): Promise<void> {
  passTime(ms);
  await till.sweep();
  await till.idle();
}

/** The second sweep comes after every end of an order, and after what the first one had to put back. */
export async function sweepTwice(till: Till): Promise<void> {
  await sweepAfter(till, 3 * MINUTE_MS);
  await sweepAfter(till, 120 * MINUTE_MS);
}

export async function expectSound(till: Till): Promise<void> {
  await sweepTwice(till);
  expect(await faultsInBooks(till)).toEqual([]);
}
