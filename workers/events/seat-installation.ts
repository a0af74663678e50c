/** A seat map's way to the event's object: in parts, and only when the object says that it lacks the map. */
import type { TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import type { Refusal } from "../../shared/contracts/problems";
import { type Result, refuse } from "../../shared/contracts/result";
import type { Env } from "./environment";
import { askInventory } from "./inventory";
import { partsOf } from "./seat-map-compile";
import { readSeatMap } from "./seat-maps";
import type { StoredEvent } from "./stored-event";

/** Asks with a configuration; `seats_missing` is answered with the map, and with the question again. */
export async function askWithSeats<T>(
  env: Env,
  { event }: StoredEvent,
  ask: (inventory: TicketInventoryRpc) => Promise<Result<T, Refusal>>,
): Promise<Result<T, Refusal>> {
  const answer = await askInventory(env, event.id, ask);
  if (answer.ok || answer.error.code !== "seats_missing" || event.seatMapId === null) return answer;
  const map = await readSeatMap(env, event.seatMapId);
  // A change that wants a map which nobody has any more can never be carried out, and must not stand in the way of others.
  if (!map) return refuse({ code: "seat_map_not_found", detail: `There is no seat map ${event.seatMapId}.` });
  for (const part of partsOf(map)) {
    const installed = await askInventory(env, event.id, (inventory) => inventory.installSeats(part));
    if (!installed.ok) throw new Error(`a checked seat map was refused: ${installed.error.code} ${installed.error.detail ?? ""}`);
  }
  return askInventory(env, event.id, ask);
}
