/** Everybody who may ask: one of each kind of credential, of each role, and of those whose credential counts no longer. */
import { signInByCookie } from "./browser-session";
import type { Client } from "./client";
import { hostOf, logInAt, makeKey, type Scene } from "./permission-scene";
import { ROLE_MAY, ROLES } from "./permission-table";
import type { Caller } from "./permission-walk";

/** Giving an organizer away is nothing that a key may. */
const EVERY_SCOPE = ROLE_MAY.manager;
/** Long enough for a busy machine to make the key before it is over. */
const KEY_LIFE_MS = 3_000;

type Asking = Pick<Caller, "api">;
const person = (name: string, { api }: Asking, more: Partial<Caller> = {}): Caller => ({ name, api, kind: "person", ...more });
const key = (name: string, api: Client, more: Partial<Caller>): Caller => ({ name, api, kind: "key", ...more });

/** Two keys that count no longer: one taken back, one whose time is over. */
async function makeDeadKeys(maker: Client, organizerId: string): Promise<{ revoked: string; expired: string }> {
  const expiresAtMs = Date.now() + KEY_LIFE_MS;
  const expired = await makeKey(maker, { scopes: EVERY_SCOPE, expiresAt: new Date(expiresAtMs).toISOString() });
  const revoked = await makeKey(maker, { scopes: EVERY_SCOPE, organizerId });
  await maker.delete(`/auth/api-keys/${revoked.id}`);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, expiresAtMs - Date.now()) + 50));
  return { revoked: revoked.token, expired: expired.token };
}

async function makeRefused(api: Client, { people, stage }: Scene): Promise<Caller[]> {
  const { revoked, expired } = await makeDeadKeys(stage.owner.api, stage.organizer.id);
  const ofHost = await logInAt(api, people["back from the host"], hostOf(stage.organizer));
  const refused = (name: string, asking: Client, refusal: Caller["refusal"] & string): Caller => ({
    name,
    api: asking,
    kind: "refused",
    refusal,
  });
  return [
    refused("a suspended owner", people.suspended.api, "token_stale"),
    refused("a deleted owner", people.deleted.api, "token_stale"),
    refused("an owner's session of a host, at the main one", ofHost.as({ host: new URL(api.origin).host }), "credential_invalid"),
    refused("a key that was revoked", api.as({ token: revoked }), "credential_invalid"),
    refused("a key that has expired", api.as({ token: expired }), "credential_invalid"),
  ];
}

async function signInPeople(api: Client, { people, stage, strange, admin }: Scene): Promise<Caller[]> {
  const browser = await signInByCookie(api, people["at a browser"].email);
  const lured = await signInByCookie(api, people.lured.email);
  const here = await logInAt(api, people["at the host"], hostOf(stage.organizer));
  const elsewhere = await logInAt(api, people["at another host"], hostOf(strange));
  return [
    { name: "nobody", api, kind: "nobody", everywhere: true },
    person("an attendee", people.attendee),
    person("another organizer's owner", people.stranger, { everywhere: true }),
    ...ROLES.map((role) => person(`the ${role}`, people[role], { role, everywhere: true })),
    person("door staff of the public event", people["door here"], { role: "door", only: "public", everywhere: true }),
    person("door staff of the private event", people["door there"], { role: "door", only: "private", everywhere: true }),
    person("an owner's browser", browser, { role: "owner" }),
    person("another page in an owner's browser", { api: lured.bare }, { role: "owner", forged: true }),
    person("an owner at his organizer's host", { api: here }, { role: "owner", everywhere: true, host: "here" }),
    person("an owner at another organizer's host", { api: elsewhere }, { role: "owner", host: "elsewhere" }),
    person("an admin", { api: admin }, { admin: true, everywhere: true }),
  ];
}

async function makeKeys(api: Client, { people, stage, strange, keyAdmin }: Scene): Promise<Caller[]> {
  const { owner, organizer } = stage;
  const keyOf = async (maker: Client, scopes: readonly string[], bound: { organizerId?: string } = {}) =>
    api.as({ token: (await makeKey(maker, { scopes, ...bound })).token });
  const every = { scopes: EVERY_SCOPE, everywhere: true } as const;
  const reading = { scopes: ["events:read"], everywhere: true } as const;
  const here = { organizerId: organizer.id };
  const there = { organizerId: strange.id };
  return [
    key("a key with every scope", await keyOf(owner.api, EVERY_SCOPE, here), { role: "owner", ...every }),
    key("a key that may read events", await keyOf(owner.api, reading.scopes, here), { role: "owner", ...reading }),
    key("another organizer's key", await keyOf(people.stranger.api, EVERY_SCOPE, there), every),
    key("the buyer's key", await keyOf(people.buyer.api, EVERY_SCOPE), { scopes: EVERY_SCOPE }),
    key("an admin's key", await keyOf(keyAdmin, EVERY_SCOPE), every),
  ];
}

/** Secrets of other things than are asked for, and those who end what is theirs. */
function nameOwners(api: Client, { people, asGuest, atHost, boughtAtHost, waiting }: Scene): Caller[] {
  const ofEntry = api.as({ token: waiting.friendsSecret });
  const hosted = people["buyer at the host"].user.id;
  return [
    { name: "another hold's secret", api: api.as({ token: boughtAtHost.hold.secret }), kind: "hold" },
    { name: "another order's secret", api: asGuest.orderApi, kind: "order" },
    { name: "another entry's secret", api: ofEntry, kind: "entry" },
    { name: "the hold's secret", api: api.as({ token: asGuest.hold.secret }), kind: "hold", owns: ["hold"], ids: asGuest.ids },
    { name: "the order's secret", api: asGuest.orderApi, kind: "order", owns: ["order"], ids: asGuest.ids },
    { name: "the entry's secret", api: ofEntry, kind: "entry", owns: ["entry"], ids: { entryId: waiting.friendsId } },
    person(
      "the buyer at the organizer's host",
      { api: atHost },
      {
        host: "here",
        owns: ["hold", "order", "account"],
        ids: { ...boughtAtHost.ids, userId: hosted },
      },
    ),
    person("the buyer", people.buyer, {
      owns: ["hold", "order", "entry", "account"],
      ids: { userId: people.buyer.user.id },
    }),
  ];
}

export const gatherCallers = async (api: Client, scene: Scene): Promise<Caller[]> => [
  ...(await signInPeople(api, scene)),
  ...(await makeKeys(api, scene)),
  ...(await makeRefused(api, scene)),
  ...nameOwners(api, scene),
];
