import type { TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import type { Env } from "./environment";

const MAX_TRIES = 3;
const FIRST_WAIT_MS = 50;

const isMarked = (error: unknown, mark: "overloaded" | "retryable"): boolean =>
  typeof error === "object" && error !== null && (error as Record<string, unknown>)[mark] === true;

export const isOverloaded = (error: unknown): boolean => isMarked(error, "overloaded");

/**
 * Asks the event's one object. An overloaded one is never asked again, because that is what it suffers from; a connection that broke is
 * tried again with the same command (every command names its hold, order or nonce), and with a fresh stub, as a broken one stays broken
 * (rule 25).
 */
export async function askInventory<T>(env: Env, eventId: string, ask: (inventory: TicketInventoryRpc) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask(env.TICKET_INVENTORY.get(env.TICKET_INVENTORY.idFromName(eventId)));
    } catch (error) {
      if (isOverloaded(error) || !isMarked(error, "retryable") || tries === MAX_TRIES) throw error;
      await scheduler.wait(FIRST_WAIT_MS * 2 ** tries * Math.random());
    }
  }
}
