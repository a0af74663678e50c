/** Every route of every Worker, asked by everybody: what the table does not allow is refused as the house refuses. */
import { beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { Tokens, User } from "../../shared/contracts/accounts";
import { BrandAsset } from "../../shared/contracts/branding";
import { Hold } from "../../shared/contracts/holds";
import { Order } from "../../shared/contracts/orders";
import { MEMBER_ROLES, Member, PERMISSIONS } from "../../shared/contracts/organizers";
import { signInByCookie } from "../support/browser-session";
import { connect, parse } from "../support/client";
import {
  ask,
  type Caller,
  isAllowed,
  type Operation,
  OTHERS,
  objection,
  operationsOf,
  type Things,
  WalkedDocument,
} from "../support/permission-walk";
import { png } from "../support/pictures";
import { createOrganizer, openBoxOffice, PASSWORD, type Person, registerAndLogin } from "../support/scenes";
import { theatreMap } from "../support/seat-maps";
import { BUYER, pay } from "../support/shop";

const api = connect(inject("origin"));
/** At a time; the whole walk takes some seconds. */
const AT_ONCE = 8;
/** For machines that do much else beside. */
const WALK_MS = 300_000;
const WithId = z.looseObject({ id: z.string() });

let operations: Operation[];
let things: Things;
const callers: Caller[] = [];

const login = async ({ email }: { email: string }) =>
  api.as({ token: parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }), 200).accessToken });

async function keyOf(owner: Person, scopes: readonly string[], organizerId: string) {
  const made = await owner.api.post("/auth/api-keys", { name: "Walk", scopes, organizerId });
  return api.as({ token: parse(z.looseObject({ key: z.string() }), made, 201).key });
}

beforeAll(async () => {
  operations = operationsOf(WalkedDocument.parse((await api.get("/openapi.json")).body));
  const { owner, organizer, event } = await openBoxOffice(api);
  const people = await Promise.all(
    [...MEMBER_ROLES, "suspended", "at a browser", "lured", "attendee", "stranger", "admin"].map((name) =>
      registerAndLogin(api, { name }),
    ),
  );
  const [attendee, stranger, admin] = people.slice(-3) as [Person, Person, Person];
  const suspended = people[MEMBER_ROLES.length] as Person;
  const [atBrowser, lured] = people.slice(MEMBER_ROLES.length + 1) as [Person, Person];
  await createOrganizer(stranger);
  const members = `/organizers/${organizer.id}/members`;
  const team = [
    ...MEMBER_ROLES.map((role, index) => [role, people[index] as Person] as const),
    ...[suspended, atBrowser, lured].map((person) => ["owner", person] as const),
  ];
  for (const [role, { user }] of team) parse(Member, await owner.api.post(members, { userId: user.id, role }), 201);
  parse(User, await api.post(`/dev/accounts/${encodeURIComponent(admin.email)}/role`, { role: "admin" }), 200);
  const adminApi = await login(admin);
  parse(User, await adminApi.put(`/users/${suspended.user.id}/status`, { status: "suspended", reason: "The walk" }), 200);

  const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
  const hold = parse(Hold, await api.post(`/events/${event.id}/holds`, { items }), 201);
  const order = parse(Order, await api.post("/orders", { eventId: event.id, items, buyer: BUYER }), 201);
  const orderApi = api.as({ token: order.accessToken ?? "" });
  const { payment } = parse(z.looseObject({ payment: WithId }), await pay(orderApi, order.id, "tok_success"), 200);
  const upload = `/branding/assets?organizerId=${organizer.id}&kind=logo`;
  const asset = parse(BrandAsset, await owner.api.send("POST", upload, png(), { headers: { "content-type": "image/png" } }), 201);
  const map = parse(WithId, await owner.api.post("/events/seat-maps", theatreMap({ organizerId: organizer.id })), 201);
  things = {
    organizerId: organizer.id,
    eventId: event.id,
    ids: {
      userId: (people[0] as Person).user.id,
      ticketTypeId: event.ticketTypes[0]?.id ?? "",
      orderId: order.id,
      paymentId: payment.id,
      assetId: asset.id,
      seatMapId: map.id,
      holdId: hold.id,
    },
  };
  // Giving an organizer away is nothing that a key may.
  const every = Object.keys(PERMISSIONS).filter((scope) => scope !== "ownership:transfer");
  const browser = await signInByCookie(api, atBrowser.email);
  const luredBrowser = await signInByCookie(api, lured.email);
  callers.push(
    { name: "nobody", api, kind: "anonymous" },
    { name: "an attendee", api: attendee.api, kind: "person" },
    { name: "another organizer's owner", api: stranger.api, kind: "person" },
    ...MEMBER_ROLES.map((role, index): Caller => ({ name: role, api: (people[index] as Person).api, kind: "person", role })),
    { name: "an owner's browser", api: browser.api, kind: "person", role: "owner" },
    {
      name: "another page in an owner's browser",
      api: luredBrowser.bare,
      kind: "person",
      role: "owner",
      forged: true,
    },
    { name: "a suspended owner", api: suspended.api, kind: "suspended" },
    { name: "an admin", api: adminApi, kind: "person", admin: true },
    { name: "a key with every scope", api: await keyOf(owner, every, organizer.id), kind: "key", role: "owner", scopes: every },
    {
      name: "a key that may read events",
      api: await keyOf(owner, ["events:read"], organizer.id),
      kind: "key",
      role: "owner",
      scopes: ["events:read"],
    },
    {
      name: "another organizer's key",
      api: await keyOf(stranger, every, (await createOrganizer(stranger)).id),
      kind: "key",
      scopes: every,
    },
    { name: "a hold's secret", api: api.as({ token: hold.secret }), kind: "secret" },
    { name: "an order's secret", api: orderApi, kind: "secret" },
  );
});

test("every route names a row of the table, and every row has a route", () => {
  const known = [...Object.keys(PERMISSIONS), ...OTHERS];
  expect(operations.filter(({ permission }) => !known.includes(permission)).map(({ operationId }) => operationId)).toEqual([]);
  const used = new Set(operations.map(({ permission }) => permission));
  expect(known.filter((permission) => !used.has(permission))).toEqual([]);
});

test(
  "every route answers everybody as the table says",
  async () => {
    const objections: string[] = [];
    let asked = 0;
    let refused = 0;
    const walk = async (caller: Caller) => {
      for (const operation of operations.filter(({ permission }) => permission !== "development")) {
        const walked = await ask(caller, operation, things);
        asked += 1;
        if (isAllowed(operation, caller) === false) refused += 1;
        const wrong = objection(walked, caller);
        if (wrong !== null) objections.push(wrong);
      }
    };
    const queue = [...callers];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = queue.shift(); next; next = queue.shift()) await walk(next);
      }),
    );
    expect(objections.sort()).toEqual([]);
    expect(asked).toBeGreaterThan(1_000);
    expect(refused).toBeGreaterThan(400);
  },
  WALK_MS,
);

test("the walk notices who is let in and who is kept out against the table", () => {
  const operation = operations.find(({ operationId }) => operationId === "listMembers");
  const [nobody, attendee] = callers;
  const owner = callers.find(({ role }) => role === "owner");
  if (!operation || !nobody || !attendee || !owner) throw new Error("nobody walked");
  expect(objection({ operation, status: 200, code: "" }, attendee)).toContain("as an attendee: 200");
  expect(objection({ operation, status: 403, code: "forbidden" }, nobody)).toContain("as nobody: 403");
  expect(objection({ operation, status: 403, code: "forbidden" }, owner)).toContain("as owner: 403");
  expect(objection({ operation, status: 403, code: "forbidden" }, attendee)).toBeNull();
  const forged = callers.find((caller) => caller.forged);
  const adding = operations.find(({ operationId }) => operationId === "addMember");
  if (!forged || !adding) throw new Error("no page of another origin asked");
  expect(objection({ operation: adding, status: 400, code: "invalid_body" }, forged)).toContain("400 invalid_body");
  expect(objection({ operation: adding, status: 403, code: "forbidden" }, forged)).toContain("403 forbidden");
  expect(objection({ operation: adding, status: 403, code: "csrf_failed" }, forged)).toBeNull();
});
