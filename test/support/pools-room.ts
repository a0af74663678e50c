/** Events with pools, as their organizers make and read them. */
import { z } from "zod";
import { AvailableTicketType, type PublishedEvent, TicketType } from "../../shared/contracts/events";
import { Pool } from "../../shared/contracts/pools";
import { listOf } from "../../shared/http/list";
import { draft, parse, type Room } from "./events-room";

export const price = { amount: 2500, currency: "EUR" };
export const Pools = listOf(Pool);
export const Tickets = z.object({ data: z.array(AvailableTicketType) });

export type Event = z.infer<typeof PublishedEvent>;

/** Two types of 50 over a capacity of 50. */
export const twoTypes = { ticketTypes: ["Floor", "Balcony"].map((name) => ({ name, price, quantity: 50 })) };
export const idOf = (event: Event, index: number): string => event.ticketTypes[index]?.id ?? "";
export const own = (room: Room, method: string, path: string, body?: unknown) => room.ask(method, path, { as: room.owner, body });
export const pools = async (room: Room, { id }: Event) => parse(Pools, await own(room, "GET", `/events/${id}/pools`)).data;
/** `name: capacity sold held blocked available` of each. */
export const numbers = async (room: Room, event: Event) =>
  (await pools(room, event)).map((pool) =>
    [`${pool.name}:`, pool.capacity, pool.sold, pool.held, pool.blocked, pool.available].join(" "),
  );
export const addPool = async (room: Room, { id }: Event, body: unknown) =>
  parse(Pool, await own(room, "POST", `/events/${id}/pools`, body), 201);
export const draw = async (room: Room, { id }: Event, typeId: string, poolIds: string[]) =>
  parse(TicketType, await own(room, "PUT", `/events/${id}/ticket-types/${typeId}`, { poolIds }));
export const hold = (room: Room, { id }: Event, typeId: string, quantity: number) =>
  room.ask("POST", `/events/${id}/holds`, { body: { items: [{ ticketTypeId: typeId, quantity }] } });
export const left = async (room: Room, { id }: Event, as = room.owner) =>
  parse(Tickets, await room.ask("GET", `/events/${id}/tickets`, { as })).data.map(({ available }) => available);

/** A draft with a shared floor of 30 and a press allocation of 8 in it, from which the first type draws. */
export async function planned(room: Room): Promise<{ event: Event; floor: Pool; press: Pool }> {
  const event = await draft(room, twoTypes);
  const floor = await addPool(room, event, { name: "Ground", capacity: 30 });
  const press = await addPool(room, event, { name: "Press", capacity: 8, withinPoolIds: [event.id, floor.id] });
  await draw(room, event, idOf(event, 0), [floor.id, press.id]);
  await draw(room, event, idOf(event, 1), [floor.id]);
  return { event, floor, press };
}
