/** An organizer with everything that an operation can name, and the people around it. */
import { z } from "zod";
import { Tokens, User } from "../../shared/contracts/accounts";
import { BrandAsset } from "../../shared/contracts/branding";
import { PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Order } from "../../shared/contracts/orders";
import { Member, type Organizer } from "../../shared/contracts/organizers";
import { WaitlistEntry } from "../../shared/contracts/waitlist";
import { type Client, parse } from "./client";
import { ROLES, type Role } from "./permission-table";
import type { Place, Things } from "./permission-walk";
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
const PICTURE = { headers: { "content-type": "image/png" } };

/** In the team as owners, each with a session of his own that he ends. */
const MORE_OWNERS = [
  "suspended",
  "deleted",
  "at a browser",
  "lured",
  "at the host",
  "at another host",
  "back from the host",
] as const;
const NAMES = [
  ...ROLES,
  ...MORE_OWNERS,
  ...(["creator", "attendee", "stranger", "buyer", "buyer at the host", "admin", "key admin"] as const),
  ...(["colleague", "door here", "door there"] as const),
];
export type People = Record<(typeof NAMES)[number], Person>;

/** Signed in, on the API's host or an organizer's. */
export async function logInAt(api: Client, { email }: Person, host?: string): Promise<Client> {
  const at = host ? { host } : {};
  const { accessToken } = parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }, at), 200);
  return api.as({ ...at, token: accessToken });
}

export async function makeKey(maker: Client, body: object): Promise<{ id: string; token: string }> {
  const NewKey = z.looseObject({ id: z.string(), key: z.string() });
  const { id, key } = parse(NewKey, await maker.post("/auth/api-keys", { name: "Walk", ...body }), 201);
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

export interface Stage {
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

/** A hold and a paid order of whoever asks. */
async function buy(api: Client, { events: { public: event } }: Stage, email: string) {
  const items = [{ ticketTypeId: typeOf(event), quantity: 1 }];
  const hold = parse(Hold, await api.post(`/events/${event.id}/holds`, { items }), 201);
  const order = parse(Order, await api.post("/orders", { eventId: event.id, items, buyer: { ...BUYER, email } }), 201);
  const orderApi = order.accessToken ? api.as({ token: order.accessToken }) : api;
  const { payment } = parse(z.looseObject({ payment: WithId }), await pay(orderApi, order.id, "tok_success"), 200);
  return { hold, orderApi, ids: { holdId: hold.id, orderId: order.id, paymentId: payment.id } };
}

type Bought = Awaited<ReturnType<typeof buy>>;

async function gather(api: Client): Promise<People> {
  const known = await Promise.all(NAMES.map(async (name) => [name, await registerAndLogin(api, { name })] as const));
  return Object.fromEntries(known) as People;
}

async function fillTeam({ owner, organizer, events }: Stage, people: People): Promise<void> {
  const join = async ({ user }: Person, role: Role, grant: { eventIds?: string[] } = {}) =>
    parse(Member, await owner.api.post(`/organizers/${organizer.id}/members`, { userId: user.id, role, ...grant }), 201);
  for (const role of ROLES) await join(people[role], role);
  for (const name of MORE_OWNERS) await join(people[name], "owner");
  await join(people.colleague, "marketing");
  await join(people["door here"], "door", { eventIds: [events.public.id] });
  await join(people["door there"], "door", { eventIds: [events.private.id] });
}

async function makeAdmins(api: Client, people: People): Promise<{ admin: Client; keyAdmin: Client }> {
  for (const { email } of [people.admin, people["key admin"]])
    parse(User, await api.post(`/dev/accounts/${encodeURIComponent(email)}/role`, { role: "admin" }), 200);
  const admin = await logInAt(api, people.admin);
  for (const status of ["suspended", "deleted"] as const)
    parse(User, await admin.put(`/users/${people[status].user.id}/status`, { status, reason: "The walk" }), 200);
  return { admin, keyAdmin: await logInAt(api, people["key admin"]) };
}

interface Waiting {
  buyersId: string;
  friendsId: string;
  /** What the friend's mail brings. */
  friendsSecret: string;
  joinAnother(): Promise<string>;
}

async function wait(api: Client, { owner, events: { public: event } }: Stage, buyer: Person): Promise<Waiting> {
  const ticketTypeId = typeOf(event, 1);
  parse(Hold, await api.post(`/events/${event.id}/holds`, { items: [{ ticketTypeId, quantity: 1 }] }), 201);
  const join = async (by: Client, more: object = {}) => {
    const wish = { ticketTypeIds: [ticketTypeId], quantity: 1, ...more };
    return parse(WaitlistEntry, await by.post(`/events/${event.id}/waitlist`, wish), 201).id;
  };
  const friend = freshEmail("friend");
  const buyersId = await join(buyer.api);
  const friendsId = await join(owner.api, { email: friend, name: "Fay" });
  const letter = await outbox(api, friend, (mail) => mail.data?.type === "waitlist_joined");
  const friendsSecret = letter.data?.token ?? "";
  return { buyersId, friendsId, friendsSecret, joinAnother: () => join(owner.api, { email: freshEmail("friend") }) };
}

/** Good forms where who may is found out behind them. */
const BODIES: Things["bodies"] = {
  placeHold: ({ ticketTypeId }) => ({ items: [{ ticketTypeId, quantity: 1 }] }),
  createOrder: ({ eventId, ticketTypeId }) => ({ eventId, items: [{ ticketTypeId, quantity: 1 }], buyer: BUYER }),
  processPayment: ({ orderId }) => ({ orderId, provider: "test", paymentMethod: { token: "tok_success" } }),
  extendHold: () => ({}),
  reacquireHold: () => ({}),
  acceptOffer: () => ({}),
  declineOffer: () => ({}),
  confirmWaitlistEntry: () => ({}),
  cancelOrder: () => ({}),
};

async function makeThings(stage: Stage, people: People, { ids }: Bought, waiting: Waiting): Promise<Things> {
  const { owner, organizer, events } = stage;
  const made = async (path: string, body: object) => parse(WithId, await owner.api.post(path, body), 201).id;
  const uploadMap = () => made("/events/seat-maps", theatreMap({ organizerId: organizer.id }));
  const upload = `/branding/assets?organizerId=${organizer.id}&kind=logo`;
  for (const { api } of [people.colleague, people.buyer])
    parse(z.looseObject({}), await api.send("PUT", "/users/profile/avatar", png(), PICTURE), 200);
  const everywhere = {
    userId: people.colleague.user.id,
    assetId: parse(BrandAsset, await owner.api.send("POST", upload, png(), PICTURE), 201).id,
    seatMapId: await uploadMap(),
    invitationId: await made(`/organizers/${organizer.id}/invitations`, { email: freshEmail("guest"), role: "door" }),
    keyId: (await makeKey(owner.api, { scopes: ["events:read"], organizerId: organizer.id })).id,
    entryId: waiting.buyersId,
    provider: "stripe",
    ...ids,
  };
  const idsOf = async (event: PublishedEvent) => ({
    ...everywhere,
    eventId: event.id,
    ticketTypeId: typeOf(event),
    poolId: await made(`/events/${event.id}/pools`, { name: "Both", capacity: MANY }),
  });
  return {
    organizerId: organizer.id,
    ids: { public: await idsOf(events.public), draft: await idsOf(events.draft), private: await idsOf(events.private) },
    bodies: BODIES,
    fresh: {
      deleteSeatMap: async () => ({ seatMapId: await uploadMap() }),
      deleteEvent: async (place) => (place === "draft" ? { eventId: await made("/events", draftEvent(organizer.id)) } : {}),
      leaveWaitlist: async () => ({ entryId: await waiting.joinAnother() }),
    },
  };
}

export interface Scene {
  people: People;
  stage: Stage;
  /** The stranger's. */
  strange: Organizer;
  admin: Client;
  keyAdmin: Client;
  asGuest: Bought;
  /** The session of the buyer at the organizer's host, and what he bought there. */
  atHost: Client;
  boughtAtHost: Bought;
  waiting: Waiting;
  things: Things;
}

export const hostOf = ({ slug }: Organizer): string => `${slug}.localhost`;

export async function setScene(api: Client): Promise<Scene> {
  const people = await gather(api);
  const stage = await setStage(people.creator);
  await fillTeam(stage, people);
  const admins = await makeAdmins(api, people);
  const bought = await buy(people.buyer.api, stage, people.buyer.email);
  const atHost = await logInAt(api, people["buyer at the host"], hostOf(stage.organizer));
  const waiting = await wait(api, stage, people.buyer);
  return {
    people,
    stage,
    strange: await createOrganizer(people.stranger),
    ...admins,
    asGuest: await buy(api, stage, freshEmail("guest")),
    atHost,
    boughtAtHost: await buy(atHost, stage, people["buyer at the host"].email),
    waiting,
    things: await makeThings(stage, people, bought, waiting),
  };
}
