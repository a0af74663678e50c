import { expect, inject, test } from "vitest";
import { Hold } from "../../shared/contracts/holds";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { WaitlistEntry } from "../../shared/contracts/waitlist";
import { listOf } from "../../shared/http/list";
import { connect, parse } from "../support/client";
import { freshEmail, openBoxOffice, outbox, registerAndLogin } from "../support/scenes";
import { codeOf, Tickets } from "../support/shop";

const api = connect(inject("origin"));
const Entries = listOf(WaitlistEntry);

test("who waits is told, is offered what comes back, and buys it; who does not want it makes way for the next", async () => {
  const { owner, event } = await openBoxOffice(api, {
    title: "Sold out",
    settings: { allowWaitlist: true, offerSeconds: 600 },
    ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 2 }],
  });
  const typeId = event.ticketTypes[0]?.id ?? "";
  const holds = `/events/${event.id}/holds`;
  const hold = parse(Hold, await api.post(holds, { items: [{ ticketTypeId: typeId, quantity: 2 }] }), 201);
  const list = `/events/${event.id}/waitlist`;
  const wish = { ticketTypeIds: [typeId], quantity: 2 };

  const ada = await registerAndLogin(api, { email: freshEmail("ada"), name: "Ada" });
  const first = parse(WaitlistEntry, await ada.api.post(list, wish, { headers: { "accept-language": "de-AT" } }), 201);
  expect(first).toMatchObject({ state: "waiting", email: ada.email });
  const joined = await outbox(api, ada.email, (mail) => mail.data?.type === "waitlist_joined");
  expect(joined.subject).toBe("Sie stehen auf der Warteliste für Sold out");
  const friend = freshEmail("friend");
  const second = parse(WaitlistEntry, await owner.api.post(list, { ...wish, email: friend, name: "Fay", priority: 1 }), 201);
  expect(codeOf(await owner.api.post(list, { ...wish, email: friend.toUpperCase() }), 409)).toBe("already_waiting");
  expect(codeOf(await api.post(list, wish), 401)).toBe("credential_missing");
  expect(parse(Entries, await owner.api.get(list), 200).data.map(({ id }) => id)).toEqual([first.id, second.id]);
  expect(parse(Entries, await ada.api.get(list), 200).data.map(({ id }) => id)).toEqual([first.id]);

  // The member's friend comes first, has no account, and does not want them.
  await api.delete(`${holds}/${hold.id}`, { token: hold.secret });
  const offered = await outbox(api, friend, (mail) => mail.data?.type === "waitlist_offered");
  expect(offered.text).toContain("Hello Fay,");
  expect(offered.text).toContain("2 × Standing");
  expect(offered.text).toContain(`/w/${event.id}/${second.id}?token=${offered.data?.token}`);
  expect(codeOf(await api.post(holds, { items: [{ ticketTypeId: typeId, quantity: 1 }] }), 409)).toBe("sold_out");
  const byMail = api.as({ token: offered.data?.token ?? "" });
  expect(parse(WaitlistEntry, await byMail.get(`${list}/${second.id}`), 200).state).toBe("offered");
  expect(codeOf(await byMail.get(`${list}/${first.id}`), 404)).toBe("waitlist_entry_not_found");
  expect((await byMail.post(`${list}/${second.id}/decline`)).status).toBe(204);

  const own = await outbox(api, ada.email, (mail) => mail.data?.type === "waitlist_offered");
  expect(own.subject).toBe("Tickets für Sold out liegen für Sie bereit");
  const accepted = parse(Hold, await ada.api.post(`${list}/${first.id}/accept`), 200);
  const order = parse(
    Order,
    await ada.api.post("/orders", {
      eventId: event.id,
      holdId: accepted.id,
      holdSecret: accepted.secret,
      buyer: { email: ada.email, name: "Ada" },
    }),
    201,
  );
  expect(order).toMatchObject({ status: "pending", expiresAt: accepted.expiresAt, total: { amount: 5000, currency: "EUR" } });
  const payment = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
  expect(parse(PaymentProcessed, await ada.api.post("/payments/process", payment), 200).order.status).toBe("paid");
  expect(parse(Tickets, await ada.api.get(`/orders/${order.id}/tickets`), 200).data).toHaveLength(2);
  expect(parse(WaitlistEntry, await ada.api.get(`${list}/${first.id}`), 200).state).toBe("ordered");

  // Whoever still waits when the event is called off is told so.
  const last = freshEmail("last");
  const waiting = parse(WaitlistEntry, await owner.api.post(list, { ...wish, email: last }), 201);
  expect(
    parse(
      WaitlistEntry,
      await owner.api.post(`/events/${event.id}/cancel`, { reason: "Rain" }).then(() => owner.api.get(`${list}/${waiting.id}`)),
      200,
    ).state,
  ).toBe("ended");
  const ended = await outbox(api, last, (mail) => mail.data?.type === "waitlist_ended");
  expect(ended.text).toContain("had to cancel Sold out");
});
