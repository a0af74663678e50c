/** A waiting list as the runtime tests ask of it. */
import type { WaitingEntry, WaitingRequest } from "../../shared/contracts/waiting";
import { configOf, granted, holdRequest, type Inventory, openInventory, someId, typeDraft } from "./inventory";

export function waitingRequest(
  ticketTypeIds: string | string[],
  quantity: number,
  change: Partial<WaitingRequest> = {},
): WaitingRequest {
  const person = someId();
  return {
    entryId: someId(),
    personKey: person,
    userId: person,
    isConfirmed: true,
    email: `${person}@example.org`,
    name: null,
    language: "en",
    ticketTypeIds: [ticketTypeIds].flat(),
    quantity,
    priority: 0,
    insider: false,
    ...change,
  };
}

export type Types = Parameters<typeof configOf>[0];

/** An event with a waiting list. */
export async function openList(types: Types, change: Parameters<typeof configOf>[1] = {}) {
  const config = configOf(types, { allowWaitlist: true, ...change });
  return { config, inventory: await openInventory(config) };
}

/** One whose only type is sold out: each hold has one ticket, and is given back by its id. */
export async function openSoldOut(tickets: number, change: Parameters<typeof configOf>[1] = {}) {
  const type = typeDraft({ quantity: tickets });
  const { config, inventory } = await openList([type], change);
  const holds: string[] = [];
  for (let taken = 0; taken < tickets; taken++) holds.push(granted(await inventory.placeHold(holdRequest(type.id, 1))).holdId);
  return { config, inventory, type, holds };
}

export async function joinAll(inventory: Inventory, requests: readonly WaitingRequest[]): Promise<WaitingEntry[]> {
  const entries: WaitingEntry[] = [];
  for (const request of requests) entries.push(granted(await inventory.joinWaitlist(request)));
  return entries;
}

/** In the order in which they joined. */
export const statesOf = async (inventory: Inventory): Promise<string[]> =>
  granted(await inventory.waitingEntries({ userId: null, after: 0, limit: 100 })).map(({ state }) => state);
