/** An event on sale and what a buyer does at it, for the integration tests of orders. */
import { z } from "zod";
import { AvailableTicketType, Ticket } from "../../shared/contracts/events";
import { Order } from "../../shared/contracts/orders";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { listOf } from "../../shared/http/list";
import { type Answer, type Client, parse } from "./client";
import { type Box, eventually, openBoxOffice, type Person, registerAndLogin } from "./scenes";

export const Tickets = z.object({ data: z.array(Ticket) });
export const Orders = listOf(Order);
const Availability = z.object({ data: z.array(AvailableTicketType) });
export const BUYER = { email: "guest@people.example", name: "Greta Guest" };

export interface Shop {
  api: Client;
  box: Box;
  typeId: string;
  /** Somebody with an account and no part in the organizer's team. */
  person: Person;
  draft(quantity?: number): { eventId: string; items: { ticketTypeId: string; quantity: number }[]; buyer: typeof BUYER };
  placeAsGuest(quantity?: number): Promise<Order>;
  withToken(order: Order): Client;
  availableNow(): Promise<number>;
}

export async function openShop(api: Client): Promise<Shop> {
  const box = await openBoxOffice(api, {
    capacity: 1000,
    ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 1000 }],
  });
  const typeId = box.event.ticketTypes[0]?.id ?? "";
  const draft: Shop["draft"] = (quantity = 2) => ({
    eventId: box.event.id,
    items: [{ ticketTypeId: typeId, quantity }],
    buyer: BUYER,
  });
  return {
    api,
    box,
    typeId,
    person: await registerAndLogin(api),
    draft,
    placeAsGuest: async (quantity) => parse(Order, await api.post("/orders", draft(quantity)), 201),
    withToken: (order) => api.as({ token: order.accessToken ?? "" }),
    availableNow: async () => {
      const { data } = parse(Availability, await api.get(`/events/${box.event.id}/tickets`), 200);
      return data[0]?.available ?? -1;
    },
  };
}

export const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;

export const pay = (client: Client, orderId: string, token: string, idempotencyKey?: string): Promise<Answer> =>
  client.post(
    "/payments/process",
    { orderId, provider: "test", paymentMethod: { token } },
    idempotencyKey ? { idempotencyKey } : {},
  );

export const paidWithin = (client: Client, orderId: string, withinMs: number): Promise<true> =>
  eventually(
    "a paid order",
    async () => (parse(Order, await client.get(`/orders/${orderId}`), 200).status === "paid" ? true : undefined),
    withinMs,
  );
