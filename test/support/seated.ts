/** Events whose tickets are sold by seats, as the runtime tests open them. */

import type { InventoryConfig, TicketTypeConfig } from "../../shared/contracts/inventory";
import { type CompiledSeatMap, SEAT_STATE_LETTERS, type SeatMapDraft } from "../../shared/contracts/seats";
import { compileSeatMap, partsOf } from "../../workers/events/seat-map-compile";
import { configOf, granted, holdRequest, type Inventory, inventoryOf, rowsOf, someId, typeDraft } from "./inventory";
import { theatreMap } from "./seat-maps";

export const compiled = (draft: SeatMapDraft, id = someId()): CompiledSeatMap => granted(compileSeatMap(id, draft));

export async function installMap(inventory: Inventory, map: CompiledSeatMap): Promise<void> {
  for (const part of partsOf(map)) granted(await inventory.installSeats(part));
}

export const seatedType = (seatCategories: string[], change: Partial<TicketTypeConfig> = {}): TicketTypeConfig =>
  typeDraft({ quantity: 100_000, maxPerOrder: 20, seatCategories, ...change });

export interface SeatedEvent {
  inventory: Inventory;
  config: InventoryConfig;
  map: CompiledSeatMap;
}

export async function openSeated(
  types: TicketTypeConfig[],
  change: Partial<InventoryConfig> = {},
  map = compiled(theatreMap()),
): Promise<SeatedEvent> {
  const config = configOf(types, { seatMapId: map.id, ...change });
  const inventory = inventoryOf(config.eventId);
  await installMap(inventory, map);
  granted(await inventory.open(config));
  return { inventory, config, map };
}

/** State by seat's id, of all that are not free. */
export async function takenSeats({ inventory, map }: SeatedEvent): Promise<Record<string, string>> {
  const told = granted(await inventory.seatStates());
  if (told === null) throw new Error("the event has no seat map");
  return Object.fromEntries(
    map.segments.flatMap((segment, number) =>
      segment.seats.flatMap(({ id }, place) => {
        // By the contract one of the four letters.
        const state = SEAT_STATE_LETTERS[told.states[number]?.[place] as keyof typeof SEAT_STATE_LETTERS];
        return state === "free" ? [] : [[id, state]];
      }),
    ),
  );
}

/** The rows that own a seat. */
export const ownersOf = (inventory: Inventory) =>
  rowsOf<{ seat_id: string; state: string; owner: string | null }>(
    inventory,
    "SELECT seat_id, state, owner FROM seat_owners ORDER BY seat_id",
  );

export const seatPools = async (inventory: Inventory) =>
  Object.fromEntries(
    (
      await rowsOf<{ id: string; capacity: number; sold: number; held: number; blocked: number }>(
        inventory,
        "SELECT id, capacity, sold, held, blocked FROM pools WHERE id LIKE 'seats:%' ORDER BY id",
      )
    ).map(({ id, ...counts }) => [id.replace("seats:", ""), counts]),
  );

export const askSeats = (ticketTypeId: string, ...seatIds: string[]) =>
  holdRequest(ticketTypeId, seatIds.length, { items: [{ ticketTypeId, quantity: seatIds.length, seatIds }] });

export const askBest = (
  ticketTypeId: string,
  quantity: number,
  best: { sectionIds?: string[]; accessible?: number } | true = true,
) => holdRequest(ticketTypeId, quantity, { items: [{ ticketTypeId, quantity, bestAvailable: best }] });
