/** People who all want a ticket of the same event at the same moment, each over the object's own doors: hold, claim, confirm. */
import type { ClaimRefusal, ConfirmRefusal, Holder, HoldRefusal } from "../../shared/contracts/inventory";
import type { TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import type { Result } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";

export interface Rush {
  eventId: string;
  ticketTypeId: string;
  /** People, a ticket each. */
  contenders: number;
  /** Who ask at the same moment; the next comes when one has his answer. */
  inFlight: number;
  /** Of so many who hold a ticket one changes his mind and gives it back. */
  givesBackOneOf: number;
}

export interface Outcome {
  /** Milliseconds that each of them waited for his answer, refused or not. */
  holdMs: number[];
  /** The same of the order that binds the hold, and of the payment that turns it into a ticket. */
  claimMs: number[];
  confirmMs: number[];
  /** Ids of the tickets, as the buyers have heard them. */
  ticketIds: string[];
  gaveBack: number;
  /** Code of a refusal → how many heard it. */
  refused: Record<string, number>;
}

type Door = Pick<TicketInventoryRpc, "placeHold" | "releaseHold" | "claim" | "confirm">;

/** Every second is signed in, the others come from an address of their own. */
const someone = (number: number): Holder => ({ kind: number % 2 === 0 ? "user" : "address", key: crypto.randomUUID() });

/** Each of `count`, `inFlight` of them at a time. */
export async function inTurn(count: number, inFlight: number, act: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const line = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: inFlight }, line));
}

async function timed<T>(into: number[], ask: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const answer = await ask();
  into.push(performance.now() - startMs);
  return answer;
}

export async function contend(inventory: Door, rush: Rush): Promise<Outcome> {
  const { eventId, ticketTypeId, contenders, inFlight, givesBackOneOf } = rush;
  const outcome: Outcome = { holdMs: [], claimMs: [], confirmMs: [], ticketIds: [], gaveBack: 0, refused: {} };
  const { refused } = outcome;
  let held = 0;
  /** Undefined for who was refused, which is counted. */
  const got = <T>(answer: Result<T, HoldRefusal | ClaimRefusal | ConfirmRefusal>): T | undefined => {
    if (answer.ok) return answer.value;
    refused[answer.error.code] = (refused[answer.error.code] ?? 0) + 1;
    return undefined;
  };
  await inTurn(contenders, inFlight, async (number) => {
    // As the events Worker makes it.
    const holdId = uuidV7(Date.now());
    const asked = { holdId, requestHash: "", holder: someone(number), insider: false };
    const items = [{ ticketTypeId, quantity: 1 }];
    if (!got(await timed(outcome.holdMs, () => inventory.placeHold({ ...asked, keyed: false, items })))) return;
    if (held++ % givesBackOneOf === givesBackOneOf - 1) {
      const released = await inventory.releaseHold(holdId);
      if (!released.ok) throw new Error(`a hold could not be given back: ${released.error.code}`);
      outcome.gaveBack += 1;
      return;
    }
    const orderId = crypto.randomUUID();
    if (!got(await timed(outcome.claimMs, () => inventory.claim({ ...asked, orderId, items: null })))) return;
    const buyer = { name: "Bea Buyer", email: "buyer@people.example" };
    const tickets = got(await timed(outcome.confirmMs, () => inventory.confirm({ eventId, orderId, buyer, attendees: [] })));
    for (const { id } of tickets ?? []) outcome.ticketIds.push(id);
  });
  return outcome;
}
