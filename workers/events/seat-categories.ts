import type { Refusal } from "../../shared/contracts/problems";
import type { StoredEvent } from "./stored-event";

/** A draft may name categories before it has a map; what has one, or is on sale, names those of its map alone. */
export function checkSeatCategories({ event, types }: StoredEvent): Refusal<"seat_map_required"> | null {
  if (event.seatMapId === null && event.status === "draft") return null;
  const known = new Set(event.seatCategories);
  for (const { name, seatCategories } of types) {
    const unknown = seatCategories.find((category) => !known.has(category));
    if (unknown !== undefined)
      return {
        code: "seat_map_required",
        detail:
          event.seatMapId === null
            ? `“${name}” sells seats, and the event has no seat map.`
            : `“${name}” sells the category “${unknown}”, which the event's seat map does not have.`,
      };
  }
  return null;
}
