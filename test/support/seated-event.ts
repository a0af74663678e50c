/** An event that is sold by a seat map, through the API as an organizer does it. */
import { type EventDraft, PublishedEvent } from "../../shared/contracts/events";
import { type SeatMapDraft, SeatMapSummary } from "../../shared/contracts/seats";
import { parse } from "./client";
import { draftEvent, type Person } from "./scenes";

export const uploadSeatMap = async ({ api }: Person, organizerId: string, map: SeatMapDraft): Promise<SeatMapSummary> =>
  parse(SeatMapSummary, await api.post("/events/seat-maps", { ...map, organizerId }), 201);

/** On sale, one type a category of the map unless the types are named. */
export async function createSeatedEvent(
  owner: Person,
  organizerId: string,
  map: SeatMapDraft,
  change: Partial<EventDraft> = {},
): Promise<PublishedEvent> {
  const { id: seatMapId, categories } = await uploadSeatMap(owner, organizerId, map);
  const ticketTypes = categories.map(({ id, name, seats }) => ({
    name,
    price: { amount: 4000, currency: "EUR" },
    quantity: seats,
    seatCategories: [id],
  }));
  const draft = draftEvent(organizerId, { capacity: 100_000, ticketTypes, ...change });
  const { id } = parse(PublishedEvent, await owner.api.post("/events", draft), 201);
  parse(PublishedEvent, await owner.api.put(`/events/${id}/seat-map`, { seatMapId }), 200);
  return parse(PublishedEvent, await owner.api.post(`/events/${id}/publish`), 200);
}
