/** A whole sale by the client that is written from the document: what it names and types is what the house takes and answers. */
import { randomUUID } from "node:crypto";
import { expect, inject, test } from "vitest";
import { connect } from "../support/client";
import { freshEmail, outbox, PASSWORD } from "../support/scenes";
import { type TypedClient, typedClient } from "../support/typed-client";

const origin = inject("origin");
const anybody = typedClient(origin);

const EVENING = {
  title: "An evening at the Blue Note",
  description: "Two sets, one break.",
  category: "Jazz",
  startDate: "2032-06-01T18:00:00Z",
  endDate: "2032-06-01T21:00:00Z",
  timezone: "Europe/Vienna",
  location: { venue: "Blue Note", address: "Ring 1", city: "Vienna", country: "AT", coordinates: { lat: 48.2, lng: 16.37 } },
  capacity: 50,
  ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 50 }],
};

async function signUp(name: string): Promise<TypedClient> {
  const email = freshEmail();
  await anybody.register({ body: { email, password: PASSWORD, name } });
  const { data } = await outbox(connect(origin), email, (mail) => mail.data?.token !== undefined);
  await anybody.verifyEmail({ body: { token: data?.token ?? "" } });
  const answer = await anybody.logIn({ body: { email, password: PASSWORD } });
  if (!("accessToken" in answer)) throw new Error("a new account has no second factor");
  return typedClient(origin, answer.accessToken);
}

test("an organizer sells, a guest buys, the door admits once", async () => {
  const owner = await signUp("Olga Owner");
  const organizer = await owner.createOrganizer({ body: { name: "Blue Note", slug: `typed-${randomUUID().slice(0, 8)}` } });
  const draft = await owner.createEvent({ body: { organizerId: organizer.id, ...EVENING } });
  const eventId = draft.id;
  expect((await owner.publishEvent({ path: { eventId }, body: {} })).status).toBe("published");

  const [type] = (await anybody.listTickets({ path: { eventId } })).data;
  const items = [{ ticketTypeId: type?.id ?? "", quantity: 2 }];
  // @ts-expect-error the document has no such field, and neither has the house
  const misspelt = anybody.placeHold({ path: { eventId }, body: { itens: items } });
  await expect(misspelt).rejects.toMatchObject({ status: 400, body: { code: "invalid_body" } });
  const hold = await anybody.placeHold({ path: { eventId }, body: { items } });
  const buyer = { email: freshEmail("bea"), name: "Bea Buyer" };
  const order = await anybody.createOrder({ body: { eventId, holdId: hold.id, holdSecret: hold.secret, buyer } });
  expect(order.total).toEqual({ amount: 5000, currency: "EUR" });

  const guest = typedClient(origin, order.accessToken);
  const paying = { orderId: order.id, provider: "test" as const, paymentMethod: { token: "tok_success" } };
  const paid = await guest.processPayment({ body: paying });
  expect([paid.payment.status, paid.order.status]).toEqual(["succeeded", "paid"]);
  const { data: tickets } = await guest.getOrderTickets({ path: { orderId: order.id } });
  expect(tickets.map(({ holder }) => holder)).toEqual([buyer, buyer]);

  const scan = () => ({ path: { eventId }, body: { code: tickets[0]?.code ?? "", nonce: randomUUID(), gate: "north" } });
  expect((await owner.checkIn(scan())).result).toBe("admitted");
  await expect(owner.checkIn(scan())).rejects.toMatchObject({ status: 409, body: { code: "already_admitted", gate: "north" } });
});
