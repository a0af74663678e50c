/** A plain hold takes the gateway's short way, one with a key the route's: whoever asks must not be able to tell. */
import { randomUUID } from "node:crypto";
import { beforeAll, expect, inject, test } from "vitest";
import { Tokens } from "../../shared/contracts/accounts";
import type { PublishedEvent } from "../../shared/contracts/events";
import { connect, parse } from "../support/client";
import { createOrganizer, createPublishedEvent, PASSWORD, type Person, registerAndLogin } from "../support/scenes";

let owner: Person;
let event: PublishedEvent;

beforeAll(async () => {
  owner = await registerAndLogin(connect(inject("origin")), { name: "Dora Doors" });
  event = await createPublishedEvent(owner, (await createOrganizer(owner)).id);
});

/** What is another's in every answer: ids, secrets, moments. */
const PARTICULAR = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|bh_[\w-]+|\d{4}-\d\d-\d\dT[\d:.]+Z|00-[\da-f]{32}-[\da-f]{16}-01/g;

async function told(path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) {
  const response = await fetch(`${inject("origin")}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const names = [...response.headers].filter(([name]) => !["date", "content-length", "transfer-encoding"].includes(name));
  return {
    status: response.status,
    headers: names.map(([name, value]) => `${name}: ${value.replaceAll(PARTICULAR, "…")}`).sort(),
    body: (await response.text()).replaceAll(PARTICULAR, "…"),
  };
}

test("by both ways the answers are the same, to the header", async () => {
  const typeId = event.ticketTypes[0]?.id ?? "";
  const holds = `/events/${event.id}/holds`;
  const items = (quantity: number, ticketTypeId = typeId) => JSON.stringify({ items: [{ ticketTypeId, quantity }] });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const asked: [status: number, path: string, body: string | Uint8Array<ArrayBuffer>, headers?: Record<string, string>][] = [
    [201, holds, items(1)],
    [201, `/v1${holds}?from=a+mail`, items(1), bearer(owner.tokens.accessToken)],
    [201, holds, JSON.stringify({ items: [{ ticketTypeId: typeId, quantity: 2 }], partial: true })],
    [400, holds, "{"],
    [400, holds, new Uint8Array([0x22, 0xff, 0x22])],
    [400, holds, items(0)],
    [400, holds, ""],
    [401, holds, items(1), bearer("nonsense")],
    [404, holds, items(1, randomUUID())],
    [404, `/events/${randomUUID()}/holds`, items(1)],
    [404, `/events/${randomUUID()}/holds`, "{"],
    [404, "/events/none/holds", items(1)],
    [422, holds, items(11)],
    [201, `/events/${event.id.toUpperCase()}/holds`, items(1)],
  ];
  for (const [status, path, body, headers = {}] of asked) {
    const short = await told(path, body, headers);
    expect.soft(short.status, `${path} ${body}`).toBe(status);
    expect.soft(await told(path, body, { ...headers, "idempotency-key": randomUUID() }), `${path} ${body}`).toEqual(short);
  }
});

test("by neither way a session of one organizer's host holds anything at another's event", async () => {
  const other = await createOrganizer(owner);
  const own = await createPublishedEvent(owner, other.id);
  const host = `${other.slug}.localhost:${new URL(inject("origin")).port}`;
  const api = connect(inject("origin"));
  const { accessToken } = parse(Tokens, await api.post("/auth/login", { email: owner.email, password: PASSWORD }, { host }), 200);
  const buyer = api.as({ host, token: accessToken });
  for (const idempotencyKey of [undefined, randomUUID()]) {
    const place = async ({ id, ticketTypes }: PublishedEvent) => {
      const items = [{ ticketTypeId: ticketTypes[0]?.id, quantity: 1 }];
      return (await buyer.post(`/events/${id}/holds`, { items }, idempotencyKey ? { idempotencyKey } : {})).status;
    };
    expect([await place(event), await place(own)]).toEqual([404, 201]);
  }
});
