/** The seats of a map, one by one. */
import type { CompiledSeatMap } from "../../shared/contracts/seats.ts";

/** A seat of the event's map, where it is. */
export interface ModelSeat {
  id: string;
  segment: number;
  place: number;
  category: string;
  sectionId: string;
  whole: boolean;
  kind: "o" | "a" | "c";
  companionOf: string | null;
  /** To its section's focus, in thousandths of the map's unit. */
  distance: number;
}

export type Letter = "f" | "h" | "s" | "b";

export function seatsOf({ segments, sections }: CompiledSeatMap): ModelSeat[] {
  return segments.flatMap(({ number, sectionId, category, whole, seats }) => {
    const { x: focusX, y: focusY } = sections.find(({ id }) => id === sectionId)?.focus ?? { x: 0, y: 0 };
    return seats.map(({ id, x, y, accessible, companionOf }, place) => ({
      id,
      segment: number,
      place,
      category,
      sectionId,
      whole,
      kind: accessible ? ("a" as const) : companionOf === null ? ("o" as const) : ("c" as const),
      companionOf,
      distance: Math.round(Math.hypot(x - focusX, y - focusY) * 1000),
    }));
  });
}
