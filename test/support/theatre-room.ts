/** Seat maps in the events Worker's room: uploaded, given to an event, and sold by. */
import { vi } from "vitest";
import { PublishedEvent } from "../../shared/contracts/events";
import { type SeatMapDraft, SeatMapSummary } from "../../shared/contracts/seats";
import { EventSeats } from "../../workers/events/seat-views";
import { draft, parse, type Room } from "./events-room";
import { theatreMap } from "./seat-maps";

const EUR = (amount: number) => ({ amount, currency: "EUR" });

export const uploadMap = (room: Room, map: SeatMapDraft) =>
  room.ask("POST", "/events/seat-maps", { as: room.owner, body: { ...map, organizerId: room.organizerId } });

/** A theatre on sale: `front` and `middle` together in one type, the tables in another, and standing room without seats. */
export async function openTheatre(room: Room, map: SeatMapDraft = theatreMap()) {
  const { id: seatMapId } = parse(SeatMapSummary, await uploadMap(room, map), 201);
  const types = [
    {
      name: "Seat",
      price: EUR(4000),
      quantity: 60_000,
      seatCategories: map.categories.map(({ id }) => id).filter((id) => id !== "boxes"),
    },
    ...(map.categories.some(({ id }) => id === "boxes")
      ? [{ name: "Table", price: EUR(9000), quantity: 16, maxPerOrder: 8, seatCategories: ["boxes"] }]
      : []),
    { name: "Standing", price: EUR(1000), quantity: 50 },
  ];
  const { id } = await draft(room, { capacity: 100_000, ticketTypes: types });
  const set = parse(PublishedEvent, await room.ask("PUT", `/events/${id}/seat-map`, { as: room.owner, body: { seatMapId } }));
  if (set.seatMapId !== seatMapId) throw new Error("the event has another map");
  const event = parse(PublishedEvent, await room.ask("POST", `/events/${id}/publish`, { as: room.owner }));
  const typeOf = (name: string) => event.ticketTypes.find((type) => type.name === name)?.id ?? "";
  return { event, seatMapId, typeOf, path: `/events/${id}` };
}

/** Past the second for which an answer may be remembered; the test's clock must be its own. */
const letSnapshotsPass = () => vi.setSystemTime(Date.now() + 1_001);

export async function statesOf(room: Room, path: string, query = "") {
  letSnapshotsPass();
  const seats = parse(EventSeats, await room.ask("GET", `${path}/seats${query}`));
  const all = seats.sections.flatMap(({ rows, tables = [] }) => [...rows, ...tables].flatMap((row) => row.seats));
  return { ...seats, stateOf: (id: string) => all.find((seat) => seat.id === id)?.state };
}
