/** An organizer with everything that an operation can name, and everybody who may ask for it. */
import { z } from "zod";
import { Tokens, User } from "../../shared/contracts/accounts";
import { BrandAsset } from "../../shared/contracts/branding";
import { PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Order } from "../../shared/contracts/orders";
import { Member, type Organizer } from "../../shared/contracts/organizers";
import { WaitlistEntry } from "../../shared/contracts/waitlist";
import { signInByCookie } from "./browser-session";
import { type Client, parse } from "./client";
import { ROLE_MAY, ROLES, type Role } from "./permission-table";
import type { Caller, Place, Things } from "./permission-walk";
import { png } from "./pictures";
import {
  createOrganizer,
  createPublishedEvent,
  draftEvent,
  freshEmail,
  outbox,
  PASSWORD,
  type Person,
  registerAndLogin,
} from "./scenes";
import { theatreMap } from "./seat-maps";
import { BUYER, pay } from "./shop";

const WithId = z.looseObject({ id: z.string() });
const EUR = (amount: number) => ({ amount, currency: "EUR" });
const MANY = 1_000;
/** Giving an organizer away is nothing that a key may. */
const EVERY_SCOPE = ROLE_MAY.manager;

export interface Scene {
  things: Things;
  callers: Caller[];
}

async function logInAt(api: Client, email: string, host?: string): Promise<Client> {
  const at = host ? { host } : {};
  const { accessToken } = parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }, at), 200);
  return api.as({ ...at, token: accessToken });
}

async function makeKey(maker: Client, body: object): Promise<{ id: string; token: string }> {
  const { id, key } = parse(
    z.looseObject({ id: z.string(), key: z.string() }),
    await maker.post("/auth/api-keys", { name: "Walk", ...body }),
    201,
  );
  return { id, token: key };
}

/** One of which a type is sold out, so that somebody can wait for it. */
const eventChange = (isPublic: boolean) => ({
  capacity: MANY + 1,
  settings: { isPublic, allowWaitlist: true },
  ticketTypes: [
    { name: "Standing", price: EUR(2500), quantity: MANY },
    { name: "Box", price: EUR(9000), quantity: 1 },
  ],
});

interface Stage {
  owner: Person;
  organizer: Organizer;
  events: Record<Place, PublishedEvent>;
}

async function setStage(owner: Person): Promise<Stage> {
  const organizer = await createOrganizer(owner);
  const draft = draftEvent(organizer.id, eventChange(true));
  return {
    owner,
    organizer,
    events: {
      public: await createPublishedEvent(owner, organizer.id, eventChange(true)),
      draft: parse(PublishedEvent, await owner.api.post("/events", draft), 201),
      private: await createPublishedEvent(owner, organizer.id, eventChange(false)),
    },
  };
}

const typeOf = ({ ticketTypes }: PublishedEvent, at = 0): string => ticketTypes[at]?.id ?? "";

/** A hold, a paid order and a place on the waiting list, all of whoever asks. */
async function buy(api: Client, { events: { public: event } }: Stage, email: string) {
  const items = [{ ticketTypeId: typeOf(event), quantity: 1 }];
  const hold = parse(Hold, await api.post(`/events/${event.id}/holds`, { items }), 201);
  const order = parse(Order, await api.post("/orders", { eventId: event.id, items, buyer: { ...BUYER, email } }), 201);
  const orderApi = order.accessToken ? api.as({ token: order.accessToken }) : api;
  const { payment } = parse(z.looseObject({ payment: WithId }), await pay(orderApi, order.id, "tok_success"), 200);
  return { hold, orderApi, ids: { holdId: hold.id, orderId: order.id, paymentId: payment.id } };
}

export async function setScene(api: Client): Promise<Scene> {
  const named = <Name extends string>(names: readonly Name[]) =>
    Promise.all(names.map(async (name) => [name, await registerAndLogin(api, { name })] as const)).then(
      (people) => Object.fromEntries(people) as Record<Name, Person>,
    );
  const people = await named([
    ...(["owner", "manager", "finance", "marketing", "door"] as const),
    ...(["creator", "attendee", "stranger", "buyer", "admin", "key admin", "colleague"] as const),
    ...(["suspended", "deleted", "at a browser", "lured", "door here", "door there"] as const),
    ...(["at the host", "buyer at the host", "at another host", "back from the host"] as const),
  ]);
  const stage = await setStage(people.creator);
  const { owner, organizer, events } = stage;
  const strange = await createOrganizer(people.stranger);
  const join = async ({ user }: Person, role: Role, eventIds?: string[]) =>
    parse(
      Member,
      await owner.api.post(`/organizers/${organizer.id}/members`, { userId: user.id, role, ...(eventIds ? { eventIds } : {}) }),
      201,
    );
  for (const role of ROLES) await join(people[role], role);
  for (const name of [
    "suspended",
    "deleted",
    "at a browser",
    "lured",
    "at the host",
    "at another host",
    "back from the host",
  ] as const)
    await join(people[name], "owner");
  await join(people.colleague, "marketing");
  await join(people["door here"], "door", [events.public.id]);
  await join(people["door there"], "door", [events.private.id]);
  for (const { email } of [people.admin, people["key admin"]])
    parse(User, await api.post(`/dev/accounts/${encodeURIComponent(email)}/role`, { role: "admin" }), 200);
  const admin = await logInAt(api, people.admin.email);
  const keyAdmin = await logInAt(api, people["key admin"].email);
  for (const status of ["suspended", "deleted"] as const)
    parse(User, await admin.put(`/users/${people[status].user.id}/status`, { status, reason: "The walk" }), 200);

  const bought = await buy(people.buyer.api, stage, people.buyer.email);
  const asGuest = await buy(api, stage, freshEmail("guest"));
  const hereHost = `${organizer.slug}.localhost`;
  const atHost = await logInAt(api, people["buyer at the host"].email, hereHost);
  const boughtAtHost = await buy(atHost, stage, people["buyer at the host"].email);

  const waiting = `/events/${events.public.id}/waitlist`;
  const box = { ticketTypeIds: [typeOf(events.public, 1)], quantity: 1 };
  parse(
    Hold,
    await api.post(`/events/${events.public.id}/holds`, { items: [{ ticketTypeId: box.ticketTypeIds[0], quantity: 1 }] }),
    201,
  );
  const ownEntry = parse(WaitlistEntry, await people.buyer.api.post(waiting, box), 201);
  const friend = freshEmail("friend");
  const friendsEntry = parse(WaitlistEntry, await owner.api.post(waiting, { ...box, email: friend, name: "Fay" }), 201);
  const letter = await outbox(api, friend, (mail) => mail.data?.type === "waitlist_joined");

  const asPicture = { headers: { "content-type": "image/png" } };
  const upload = `/branding/assets?organizerId=${organizer.id}&kind=logo`;
  const asset = parse(BrandAsset, await owner.api.send("POST", upload, png(), asPicture), 201);
  const uploadMap = async () =>
    parse(WithId, await owner.api.post("/events/seat-maps", theatreMap({ organizerId: organizer.id })), 201).id;
  for (const { api: own } of [people.colleague, people.buyer])
    parse(z.looseObject({}), await own.send("PUT", "/users/profile/avatar", png(), asPicture), 200);
  const invitation = await owner.api.post(`/organizers/${organizer.id}/invitations`, {
    email: freshEmail("guest"),
    role: "door",
  });
  const spareKey = await makeKey(owner.api, { scopes: ["events:read"], organizerId: organizer.id });
  const poolOf = async ({ id }: PublishedEvent) =>
    parse(WithId, await owner.api.post(`/events/${id}/pools`, { name: "Both", capacity: MANY }), 201).id;
  const everywhere = {
    userId: people.colleague.user.id,
    assetId: asset.id,
    seatMapId: await uploadMap(),
    invitationId: parse(WithId, invitation, 201).id,
    keyId: spareKey.id,
    entryId: ownEntry.id,
    provider: "stripe",
    ...bought.ids,
  };
  const idsOf = async (event: PublishedEvent) => ({
    ...everywhere,
    eventId: event.id,
    ticketTypeId: typeOf(event),
    poolId: await poolOf(event),
  });
  const things: Things = {
    organizerId: organizer.id,
    ids: { public: await idsOf(events.public), draft: await idsOf(events.draft), private: await idsOf(events.private) },
    bodies: {
      placeHold: ({ ticketTypeId }) => ({ items: [{ ticketTypeId, quantity: 1 }] }),
      createOrder: ({ eventId, ticketTypeId }) => ({ eventId, items: [{ ticketTypeId, quantity: 1 }], buyer: BUYER }),
      processPayment: ({ orderId }) => ({ orderId, provider: "test", paymentMethod: { token: "tok_success" } }),
      extendHold: () => ({}),
      reacquireHold: () => ({}),
      acceptOffer: () => ({}),
      declineOffer: () => ({}),
      confirmWaitlistEntry: () => ({}),
      cancelOrder: () => ({}),
    },
    fresh: {
      deleteSeatMap: async () => ({ seatMapId: await uploadMap() }),
      deleteEvent: async (place) =>
        place === "draft" ? { eventId: parse(WithId, await owner.api.post("/events", draftEvent(organizer.id)), 201).id } : {},
      leaveWaitlist: async () => ({
        entryId: parse(WaitlistEntry, await owner.api.post(waiting, { ...box, email: freshEmail("friend") }), 201).id,
      }),
    },
  };

  const keyOf = async (maker: Client, scopes: readonly string[], organizerId?: string) =>
    api.as({ token: (await makeKey(maker, { scopes, ...(organizerId ? { organizerId } : {}) })).token });
  const revoked = await makeKey(owner.api, { scopes: EVERY_SCOPE, organizerId: organizer.id });
  await owner.api.delete(`/auth/api-keys/${revoked.id}`);
  const expiresAtMs = Date.now() + 500;
  const expired = await makeKey(owner.api, { scopes: EVERY_SCOPE, expiresAt: new Date(expiresAtMs).toISOString() });
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, expiresAtMs - Date.now()) + 50));
  const browser = await signInByCookie(api, people["at a browser"].email);
  const lured = await signInByCookie(api, people.lured.email);
  const elsewhere = await logInAt(api, people["at another host"].email, `${strange.slug}.localhost`);
  const ofHost = await api.post(
    "/auth/login",
    { email: people["back from the host"].email, password: PASSWORD },
    { host: hereHost },
  );

  const refused = (name: string, token: string, refusal: Caller["refusal"] = "credential_invalid"): Caller => ({
    name,
    api: api.as({ token }),
    kind: "refused",
    ...(refusal ? { refusal } : {}),
  });
  const person = (name: string, { api: asHimself }: Pick<Person, "api">, more: Partial<Caller> = {}): Caller => ({
    name,
    api: asHimself,
    kind: "person",
    ...more,
  });
  const key = (name: string, itself: Client, more: Partial<Caller>): Caller => ({ name, api: itself, kind: "key", ...more });
  return {
    things,
    callers: [
      { name: "nobody", api, kind: "nobody", everywhere: true },
      person("an attendee", people.attendee),
      person("another organizer's owner", people.stranger, { everywhere: true }),
      ...ROLES.map((role) => person(`the ${role}`, people[role], { role, everywhere: true })),
      person("door staff of the public event", people["door here"], { role: "door", only: "public", everywhere: true }),
      person("door staff of the private event", people["door there"], { role: "door", only: "private", everywhere: true }),
      person("an owner's browser", browser, { role: "owner" }),
      person("another page in an owner's browser", { api: lured.bare }, { role: "owner", forged: true }),
      person(
        "an owner at his organizer's host",
        { api: await logInAt(api, people["at the host"].email, hereHost) },
        { role: "owner", everywhere: true, host: "here" },
      ),
      person("an owner at another organizer's host", { api: elsewhere }, { role: "owner", host: "elsewhere" }),
      person("an admin", { api: admin }, { admin: true, everywhere: true }),
      key("a key with every scope", await keyOf(owner.api, EVERY_SCOPE, organizer.id), {
        role: "owner",
        scopes: EVERY_SCOPE,
        everywhere: true,
      }),
      key("a key that may read events", await keyOf(owner.api, ["events:read"], organizer.id), {
        role: "owner",
        scopes: ["events:read"],
        everywhere: true,
      }),
      key("another organizer's key", await keyOf(people.stranger.api, EVERY_SCOPE, strange.id), {
        scopes: EVERY_SCOPE,
        everywhere: true,
      }),
      key("the buyer's key", await keyOf(people.buyer.api, EVERY_SCOPE), { scopes: EVERY_SCOPE }),
      key("an admin's key", await keyOf(keyAdmin, EVERY_SCOPE), { scopes: EVERY_SCOPE, everywhere: true }),
      refused("a suspended owner", people.suspended.tokens.accessToken, "token_stale"),
      refused("a deleted owner", people.deleted.tokens.accessToken, "token_stale"),
      refused("an owner's session of a host, at the main one", parse(Tokens, ofHost, 200).accessToken),
      refused("a key that was revoked", revoked.token),
      refused("a key that has expired", expired.token),
      { name: "another hold's secret", api: api.as({ token: boughtAtHost.hold.secret }), kind: "hold" },
      { name: "another order's secret", api: asGuest.orderApi, kind: "order" },
      { name: "another entry's secret", api: api.as({ token: letter.data?.token ?? "" }), kind: "entry" },
      // Those who end what is theirs.
      { name: "the hold's secret", api: api.as({ token: asGuest.hold.secret }), kind: "hold", owns: ["hold"], ids: asGuest.ids },
      { name: "the order's secret", api: asGuest.orderApi, kind: "order", owns: ["order"], ids: asGuest.ids },
      {
        name: "the entry's secret",
        api: api.as({ token: letter.data?.token ?? "" }),
        kind: "entry",
        owns: ["entry"],
        ids: { entryId: friendsEntry.id },
      },
      person(
        "the buyer at the organizer's host",
        { api: atHost },
        {
          host: "here",
          owns: ["hold", "order", "account"],
          ids: { ...boughtAtHost.ids, userId: people["buyer at the host"].user.id },
        },
      ),
      person("the buyer", people.buyer, {
        owns: ["hold", "order", "entry", "account"],
        ids: { userId: people.buyer.user.id },
      }),
    ],
  };
}
