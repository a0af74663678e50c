/** Which seat map an event is sold by, and what its ticket types' categories have to do with it. */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Env, Later } from "./environment";
import { changeEvent } from "./event-changes";
import { checkSeatCategories } from "./seat-categories";
import { findSeatMap } from "./seat-maps";
import type { StoredEvent } from "./stored-event";
import { type Precondition, refuseClosed } from "./ticket-types";

/** Null takes the map away. Of an event on sale the object decides: seats that are taken must be on the new map too. */
export async function setSeatMap(
  env: Env,
  later: Later,
  eventId: string,
  seatMapId: string | null,
  precondition: Precondition,
): Promise<Result<StoredEvent, Refusal>> {
  const map = seatMapId === null ? null : await findSeatMap(env, seatMapId);
  return changeEvent(env, later, eventId, (stored) => {
    const { event } = stored;
    // What is another organizer's is the same as what is not there.
    if (seatMapId !== null && map?.organizerId !== event.organizerId) return refuse({ code: "seat_map_not_found" });
    precondition(event.version);
    const closed = refuseClosed(stored);
    if (closed) return refuse(closed);
    if (event.seatMapId === seatMapId) return ok(stored);
    const seatCategories = map?.categories.map(({ id }) => id) ?? [];
    const after = { ...stored, event: { ...event, seatMapId, seatCategories } };
    const inconsistent = checkSeatCategories(after);
    return inconsistent ? refuse(inconsistent) : ok(after);
  });
}
