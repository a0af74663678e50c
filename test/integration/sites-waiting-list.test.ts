/** A guest waits on an organizer's pages, and buys what his mail's link leads to. */
import { expect, inject, test } from "vitest";
import { Hold } from "../../shared/contracts/holds";
import { connect, parse } from "../support/client";
import { formOf, readerOf } from "../support/reader";
import { freshEmail, mailsTo, openBoxOffice, outbox } from "../support/scenes";

const api = connect(inject("origin"));

test("a guest joins where tickets are gone, is led by his mail to what is held for him, and orders it", async () => {
  const { organizer, event } = await openBoxOffice(api, {
    settings: { allowWaitlist: true, offerSeconds: 600 },
    ticketTypes: [{ name: "Standing", price: { amount: 0, currency: "EUR" }, quantity: 2 }],
  });
  const typeId = event.ticketTypes[0]?.id ?? "";
  const host = `${organizer.slug}.localhost`;
  const reader = readerOf(api, host);
  expect((await reader.get(`/e/${event.id}`)).text).not.toContain("Join the waiting list");
  const holds = `/events/${event.id}/holds`;
  const hold = parse(Hold, await api.post(holds, { items: [{ ticketTypeId: typeId, quantity: 2 }] }), 201);
  expect((await reader.get(`/e/${event.id}`)).text).toContain(`<a href="/w/${event.id}">Join the waiting list</a>`);

  const email = freshEmail("greta");
  const form = formOf(await reader.get(`/w/${event.id}`), /^\/w\//);
  const nothing = await reader.post(form, { [`t-${typeId}`]: "yes", quantity: "2", name: "", email: "nobody" });
  expect(nothing.status).toBe(422);
  const wanted = { [`t-${typeId}`]: "yes", quantity: "2", name: "Greta", email };
  expect((await reader.post(form, wanted, { origin: "https://elsewhere.example" })).status).toBe(403);
  const joined = await reader.post(form, wanted);
  expect(joined.text).toContain("Open the link in our e-mail");
  // Again is the same page, and no second mail: nobody learns who waits.
  expect((await reader.post(form, wanted)).text).toContain("Open the link in our e-mail");
  const asked = await outbox(api, email, (candidate) => candidate.data?.type === "waitlist_joined");
  expect(asked.subject).toContain("Please confirm");
  const confirming = new URL(/http\S+\/w\/\S+/.exec(asked.text ?? "")?.[0] ?? "");
  // As a scanner of mails opens it, and any number of times.
  for (let n = 0; n < 2; n++) {
    const scanner = readerOf(api, host);
    const opened = await scanner.follow(await scanner.get(`${confirming.pathname}${confirming.search}`));
    expect(opened.text).toContain("You are not on the waiting list yet.");
  }
  const asking = await reader.follow(await reader.get(`${confirming.pathname}${confirming.search}`));
  const yes = formOf(asking, /\/confirm$/);
  expect((await reader.post({ ...yes, fields: { form: "another page's" } })).status).toBe(403);
  expect((await reader.post(yes, {}, { origin: "https://elsewhere.example" })).status).toBe(403);
  expect((await reader.follow(await reader.get(`${confirming.pathname}/confirm`))).text).toContain(
    "You are not on the waiting list yet.",
  );
  const place = await reader.follow(await reader.post(yes));
  expect(place.text).toContain("You are waiting.");
  expect((await reader.follow(await reader.post(yes))).text).toContain("You are waiting.");

  await api.delete(`${holds}/${hold.id}`, { token: hold.secret });
  const mail = await outbox(api, email, (candidate) => candidate.data?.type === "waitlist_offered");
  const link = new URL(/http\S+\/w\/\S+/.exec(mail.text ?? "")?.[0] ?? "");
  expect(link.hostname).toBe(host);
  expect((await readerOf(api, host).get(link.pathname)).status).toBe(404);
  const shown = await reader.follow(await reader.get(`${link.pathname}${link.search}`));
  expect(shown.text).toContain("Tickets are held for you");
  expect(shown.text).toContain("2 × Standing");
  const take = formOf(shown, /\/accept$/);
  expect((await reader.post({ ...take, fields: { form: "another page's" } })).status).toBe(403);
  const checkout = await reader.follow(await reader.post(take));
  const ordered = await reader.follow(await reader.post(formOf(checkout, /^\/c\/[^/]+\/[^/]+$/), { name: "Greta", email }));
  expect(ordered.status).toBe(200);
  expect((await reader.get(link.pathname)).text).toContain("You have ordered these tickets.");
  expect((await mailsTo(api, email)).filter((one) => one.data?.type === "waitlist_joined")).toHaveLength(1);
});

test("who no longer wants to wait leaves by the link, and a list that takes nobody has no page", async () => {
  const { organizer, event } = await openBoxOffice(api, {
    settings: { allowWaitlist: true },
    ticketTypes: [{ name: "Standing", price: { amount: 0, currency: "EUR" }, quantity: 1 }],
  });
  const typeId = event.ticketTypes[0]?.id ?? "";
  const items = [{ ticketTypeId: typeId, quantity: 1 }];
  parse(Hold, await api.post(`/events/${event.id}/holds`, { items }), 201);
  const reader = readerOf(api, `${organizer.slug}.localhost`, "de");
  const email = freshEmail("gerd");
  const form = formOf(await reader.get(`/w/${event.id}`), /^\/w\//);
  await reader.post(form, { [`t-${typeId}`]: "yes", quantity: "1", name: "Gerd", email });
  const mail = await outbox(api, email, (candidate) => candidate.data?.type === "waitlist_joined");
  const link = new URL(/http\S+\/w\/\S+/.exec(mail.text ?? "")?.[0] ?? "");
  const asking = await reader.follow(await reader.get(`${link.pathname}${link.search}`));
  const shown = await reader.follow(await reader.post(formOf(asking, /\/confirm$/)));
  expect(shown.text).toContain("Sie warten.");
  const left = await reader.follow(await reader.post(formOf(shown, /\/leave$/)));
  expect(left.text).toContain("Sie stehen nicht mehr auf der Warteliste.");

  const again = freshEmail("gerd");
  await reader.post(form, { [`t-${typeId}`]: "yes", quantity: "1", name: "Gerd", email: again });
  const unasked = await outbox(api, again, (candidate) => candidate.data?.type === "waitlist_joined");
  const second = new URL(/http\S+\/w\/\S+/.exec(unasked.text ?? "")?.[0] ?? "");
  const opened = await reader.follow(await reader.get(`${second.pathname}${second.search}`));
  const gone = await reader.follow(await reader.post(formOf(opened, /\/leave$/)));
  expect(gone.text).toContain("Sie stehen nicht mehr auf der Warteliste.");
  expect(gone.text).not.toContain("/confirm");

  const other = await openBoxOffice(api);
  expect((await readerOf(api, `${other.organizer.slug}.localhost`).get(`/w/${other.event.id}`)).status).toBe(404);
  expect((await readerOf(api, `${other.organizer.slug}.localhost`).get(`/w/${event.id}`)).status).toBe(404);
});

test("whoever confirms too late, or by a second link, is told why he does not wait by it", async () => {
  const { owner, organizer, event } = await openBoxOffice(api, {
    settings: { allowWaitlist: true },
    ticketTypes: [{ name: "Standing", price: { amount: 0, currency: "EUR" }, quantity: 2 }],
  });
  const typeId = event.ticketTypes[0]?.id ?? "";
  const items = [{ ticketTypeId: typeId, quantity: 2 }];
  parse(Hold, await api.post(`/events/${event.id}/holds`, { items }), 201);
  const reader = readerOf(api, `${organizer.slug}.localhost`);
  const form = formOf(await reader.get(`/w/${event.id}`), /^\/w\//);
  const email = freshEmail("gina");
  /** The page behind the mail that asks for so many tickets. */
  async function ask(quantity: string, inMail: string) {
    await reader.post(form, { [`t-${typeId}`]: "yes", quantity, name: "Gina", email });
    const mail = await outbox(
      api,
      email,
      ({ data, text }) => data?.type === "waitlist_joined" && text?.includes(inMail) === true,
    );
    const link = new URL(/http\S+\/w\/\S+/.exec(mail.text ?? "")?.[0] ?? "");
    return formOf(await reader.follow(await reader.get(`${link.pathname}${link.search}`)), /\/confirm$/);
  }
  const [one, two] = [await ask("1", ": 1 ticket."), await ask("2", ": 2 tickets.")];
  expect((await reader.follow(await reader.post(one))).text).toContain("You are waiting.");
  const again = await reader.post(two);
  expect(again.status).toBe(409);
  expect(again.text).toContain("You are on the waiting list by another link already.");

  await reader.follow(await reader.post({ ...one, action: one.action.replace(/confirm$/, "leave") }));
  await owner.api.put(`/events/${event.id}`, { settings: { ...event.settings, allowWaitlist: false } });
  const late = await reader.post(two);
  expect(late.status).toBe(409);
  expect(late.text).toContain("Nobody can join the waiting list at the moment.");
});
