import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType, PublishedEvent, TicketType } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import type { Organizer } from "../../shared/contracts/organizers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { listOf } from "../../shared/http/list";
import { type Answer, type Client, connect, parse } from "../support/client";
import { createOrganizer, createPublishedEvent, draftEvent, eventually, type Person, registerAndLogin } from "../support/scenes";

const Events = listOf(PublishedEvent);
const Tickets = z.object({ data: z.array(AvailableTicketType) });

let api: Client;
let owner: Person;
let stranger: Person;
let organizer: Organizer;

beforeAll(async () => {
  api = connect(inject("origin"));
  owner = await registerAndLogin(api, { name: "Olga Owner" });
  stranger = await registerAndLogin(api, { name: "Stan Stranger" });
  organizer = await createOrganizer(owner);
});

const codeOf = (answer: Answer): string => `${answer.status} ${parse(ProblemBody, answer, answer.status).code}`;
const create = async (change = {}): Promise<PublishedEvent> =>
  parse(PublishedEvent, await owner.api.post("/events", draftEvent(organizer.id, change)), 201);

test("an event lives from draft to sold to cancelled, at both paths", async () => {
  const wish = draftEvent(organizer.id, { ticketTypes: [], category: "Jazz", settings: { refundPolicy: "none" } });
  const draft = parse(PublishedEvent, await owner.api.post("/v1/events", wish), 201);
  expect(draft).toMatchObject({
    ...wish,
    status: "draft",
    settings: { allowWaitlist: false, requireApproval: false, isPublic: true, refundPolicy: "none", holdSeconds: 600 },
  });
  expect(codeOf(await owner.api.post(`/events/${draft.id}/publish`))).toBe("409 event_incomplete");
  const type = parse(
    TicketType,
    await owner.api.post(`/events/${draft.id}/ticket-types`, {
      name: "Early",
      price: { amount: 1500, currency: "EUR" },
      quantity: 20,
    }),
    201,
  );
  expect(type).toMatchObject({ eventId: draft.id, minPerOrder: 1, maxPerOrder: 10 });
  expect(parse(listOf(TicketType), await owner.api.get(`/events/${draft.id}/ticket-types`), 200).data).toEqual([type]);
  expect(parse(Tickets, await owner.api.get(`/events/${draft.id}/tickets`), 200).data).toMatchObject([
    { status: "hidden", available: 20 },
  ]);

  const published = parse(PublishedEvent, await owner.api.post(`/events/${draft.id}/publish`, {}), 200);
  expect(published).toMatchObject({ status: "published", ticketTypes: [type] });
  const read = await api.get(`/v1/events/${draft.id}`);
  expect(parse(PublishedEvent, read, 200)).toEqual(published);
  expect((await api.get(`/events/${draft.id}`, { headers: { "if-none-match": read.headers.get("etag") ?? "" } })).status).toBe(
    304,
  );
  await eventually("the event among those that are found", async () => {
    const found = await api.get(`/events/search?q=${encodeURIComponent(published.title)}&limit=100`);
    return found.text.includes(draft.id) ? true : undefined;
  });

  const held = parse(Hold, await api.post(`/events/${draft.id}/holds`, { items: [{ ticketTypeId: type.id, quantity: 3 }] }), 201);
  expect(parse(Tickets, await api.get(`/events/${draft.id}/tickets`), 200).data).toMatchObject([
    { available: 17, status: "on_sale" },
  ]);
  expect(codeOf(await owner.api.put(`/events/${draft.id}/ticket-types/${type.id}`, { quantity: 2 }))).toBe(
    "409 capacity_below_sold",
  );
  const changed = parse(TicketType, await owner.api.put(`/events/${draft.id}/ticket-types/${type.id}`, { quantity: 5 }), 200);
  expect(changed.quantity).toBe(5);
  expect(parse(Tickets, await api.get(`/events/${draft.id}/tickets`), 200).data).toMatchObject([{ available: 2, quantity: 5 }]);
  expect(parse(PublishedEvent, await api.get(`/events/${draft.id}`), 200).ticketTypes).toEqual([changed]);
  expect((await api.as({ token: held.secret }).delete(`/events/${draft.id}/holds/${held.id}`)).status).toBe(204);

  expect(codeOf(await owner.api.delete(`/events/${draft.id}`))).toBe("409 event_state");
  const cancelled = parse(PublishedEvent, await owner.api.post(`/events/${draft.id}/cancel`, { reason: "Flood" }), 200);
  expect(cancelled.status).toBe("cancelled");
  expect(parse(PublishedEvent, await api.get(`/events/${draft.id}`), 200).status).toBe("cancelled");
  const late = await api.post(`/events/${draft.id}/holds`, { items: [{ ticketTypeId: type.id, quantity: 1 }] });
  expect(codeOf(late)).toBe("409 event_not_on_sale");
  for (const command of ["publish", "complete"])
    expect(codeOf(await owner.api.post(`/events/${draft.id}/${command}`))).toBe("409 event_state");
  expect(codeOf(await owner.api.put(`/events/${draft.id}`, { title: "No" }))).toBe("409 event_state");
});

test("an event that is completed sells nothing more", async () => {
  const event = await createPublishedEvent(owner, organizer.id);
  expect(parse(PublishedEvent, await owner.api.post(`/events/${event.id}/complete`), 200).status).toBe("completed");
  const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
  expect(codeOf(await api.post(`/events/${event.id}/holds`, { items }))).toBe("409 event_not_on_sale");
});

describe("who may", () => {
  test("change what everybody knows: members alone; the others hear 401 and 403", async () => {
    const event = await createPublishedEvent(owner, organizer.id);
    const typePath = `/events/${event.id}/ticket-types/${event.ticketTypes[0]?.id}`;
    const calls: [string, string, unknown][] = [
      ["PUT", `/events/${event.id}`, "no form at all"],
      ["DELETE", `/events/${event.id}`, undefined],
      ["POST", `/events/${event.id}/publish`, undefined],
      ["POST", `/events/${event.id}/cancel`, {}],
      ["POST", `/events/${event.id}/complete`, undefined],
      ["POST", `/events/${event.id}/ticket-types`, {}],
      ["PUT", typePath, { quantity: -1 }],
      ["DELETE", typePath, undefined],
      ["POST", `/events/${event.id}/check-ins`, {}],
      ["POST", "/events", { organizerId: organizer.id }],
    ];
    for (const [method, path, body] of calls) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      expect(codeOf(await api.send(method, path, text)), `${method} ${path}`).toBe("401 credential_missing");
      expect(codeOf(await stranger.api.send(method, path, text)), `${method} ${path}`).toBe("403 forbidden");
    }
    expect(parse(PublishedEvent, await api.get(`/events/${event.id}`), 200)).toEqual(event);
  });

  test("know of a draft or a private event: members alone; to the others it reads like one that is not there", async () => {
    const draft = await create();
    const hidden = await createPublishedEvent(owner, organizer.id, { settings: { isPublic: false } });
    const strip = (answer: Answer) => ({ ...parse(ProblemBody, answer, 404), requestId: "" });
    for (const { id } of [draft, hidden]) {
      const calls: [string, string, unknown][] = [
        ["GET", "", undefined],
        ["GET", "/tickets", undefined],
        ["GET", "/availability", undefined],
        ["GET", "/ticket-types", undefined],
        ["POST", "/holds", { items: [{ ticketTypeId: randomUUID(), quantity: 1 }] }],
        ["POST", "/holds", { wrong: true }],
      ];
      for (const [method, path, body] of calls) {
        const text = body === undefined ? undefined : JSON.stringify(body);
        for (const client of [api, stranger.api]) {
          const here = await client.send(method, `/events/${id}${path}`, text);
          const nowhere = await client.send(method, `/events/${randomUUID()}${path}`, text);
          expect(strip(here)).toEqual(strip(nowhere));
        }
      }
      for (const path of ["", "/publish", "/cancel"]) {
        const method = path === "" ? "PUT" : "POST";
        expect(codeOf(await stranger.api.send(method, `/events/${id}${path}`, "{"))).toBe("404 event_not_found");
      }
      expect((await owner.api.get(`/events/${id}`)).status).toBe(200);
      expect((await owner.api.get(`/events/${id}/tickets`)).status).toBe(200);
    }
  });

  test("draft for an organizer: his members, and only for one that exists", async () => {
    expect(codeOf(await stranger.api.post("/events", draftEvent(organizer.id)))).toBe("403 forbidden");
    expect(codeOf(await stranger.api.post("/events", draftEvent(randomUUID())))).toBe("404 organizer_not_found");
  });
});

test("unknown and impossible ids are the same 404", async () => {
  const event = await createPublishedEvent(owner, organizer.id);
  for (const id of [randomUUID(), "1", "00000000-0000-0000-0000-00000000000g", "%00", "..%2f"]) {
    expect(codeOf(await api.get(`/events/${id}`))).toBe("404 event_not_found");
    expect(codeOf(await owner.api.put(`/events/${id}`, { title: "x" }))).toBe("404 event_not_found");
    expect(codeOf(await owner.api.put(`/events/${event.id}/ticket-types/${id}`, { quantity: -1 }))).toBe(
      "404 ticket_type_not_found",
    );
    expect(codeOf(await owner.api.delete(`/events/${event.id}/ticket-types/${id}`))).toBe("404 ticket_type_not_found");
  }
  expect(codeOf(await api.send("PATCH", `/events/${event.id}`, "{}"))).toBe("405 method_not_allowed");
});

test("bad input has its status and changes nothing", async () => {
  const event = await createPublishedEvent(owner, organizer.id);
  const types = `/events/${event.id}/ticket-types`;
  const price = { amount: 100, currency: "EUR" };
  const before = (await owner.api.get(`/events/${event.id}`)).text;
  const refused: [Promise<Answer>, string][] = [
    [owner.api.send("PUT", `/events/${event.id}`, "{"), "400 invalid_json"],
    [owner.api.send("PUT", `/events/${event.id}`, new Uint8Array([0x22, 0xff, 0x22])), "400 invalid_json"],
    [owner.api.put(`/events/${event.id}`, []), "400 invalid_body"],
    [owner.api.put(`/events/${event.id}`, { status: "cancelled" }), "400 invalid_body"],
    [owner.api.put(`/events/${event.id}`, { capacity: 1e9 }), "400 invalid_body"],
    [owner.api.put(`/events/${event.id}`, { startDate: event.endDate, endDate: event.startDate }), "400 invalid_body"],
    [owner.api.put(`/events/${event.id}`, { endDate: event.startDate }), "422 dates_inconsistent"],
    [
      owner.api.put(`/events/${event.id}`, { startDate: "2001-01-01T00:00:00Z", endDate: "2001-01-02T00:00:00Z" }),
      "422 dates_inconsistent",
    ],
    [owner.api.put(`/events/${event.id}`, { title: "x" }, { headers: { "if-match": '"v0"' } }), "412 version_stale"],
    [owner.api.post(types, { name: "A", price: { amount: -1, currency: "EUR" }, quantity: 1 }), "400 invalid_body"],
    [owner.api.post(types, { name: "A", price, quantity: 0 }), "400 invalid_body"],
    [owner.api.post(types, { name: "A", price, quantity: 1.5 }), "400 invalid_body"],
    [owner.api.post(types, { name: "A", price: { amount: 1, currency: "USD" }, quantity: 1 }), "422 currency_mixed"],
    [owner.api.post(types, { name: "A", price, quantity: 1, saleEnd: "2999-01-01T00:00:00Z" }), "422 dates_inconsistent"],
    [owner.api.put(`${types}/${event.ticketTypes[0]?.id}`, { minPerOrder: 11 }), "422 quantity_out_of_range"],
    [owner.api.put(`${types}/${event.ticketTypes[0]?.id}`, { price: { amount: 1, currency: "JPY" } }), "422 currency_mixed"],
    [owner.api.delete(`${types}/${event.ticketTypes[0]?.id}`), "409 event_incomplete"],
    [owner.api.post(`/events/${event.id}/cancel`, { reason: "" }), "400 invalid_body"],
    [owner.api.post(`/events/${event.id}/publish`, { now: true }), "400 invalid_body"],
    [owner.api.post("/events", { ...draftEvent(organizer.id), description: "x".repeat(20_001) }), "400 invalid_body"],
    [owner.api.send("POST", "/events", `{"organizerId":"${"x".repeat(1024 * 1024)}"}`), "413 payload_too_large"],
  ];
  for (const [answer, expected] of refused) expect(codeOf(await answer)).toBe(expected);
  expect((await owner.api.get(`/events/${event.id}`)).text).toBe(before);
});

test("a text of any script, a lone surrogate and a NUL come to no harm", async () => {
  for (const title of [
    "東京の夜 🎷",
    "ليلة في فيينا",
    "a\u0000b",
    "\ud800",
    "<script>alert(1)</script>",
    "Robert'); DROP TABLE events;--",
  ]) {
    const event = await create({ title });
    const read = parse(PublishedEvent, await owner.api.get(`/events/${event.id}`), 200);
    if (title.isWellFormed()) expect(read.title).toBe(title);
  }
});

describe("lists", () => {
  test("strangers see what is on sale, members their drafts and private events too, page by page", async () => {
    const mine = await createOrganizer(owner);
    const at = (day: number) => ({ startDate: `2031-01-0${day}T18:00:00Z`, endDate: `2031-01-0${day}T20:00:00Z` });
    const draft = parse(PublishedEvent, await owner.api.post("/events", draftEvent(mine.id, at(1))), 201);
    const onSale = await createPublishedEvent(owner, mine.id, at(3));
    const hidden = await createPublishedEvent(owner, mine.id, { ...at(2), settings: { isPublic: false } });
    const over = await createPublishedEvent(owner, mine.id, at(4));
    await owner.api.post(`/events/${over.id}/complete`);
    const list = async (client: Client, query = "") => {
      const ids: string[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const found: z.infer<typeof Events> = parse(
          Events,
          await client.get(`/events?organizerId=${mine.id}&limit=1${query}${cursor && `&cursor=${cursor}`}`),
          200,
        );
        ids.push(...found.data.map(({ id }) => id));
        cursor = found.nextCursor;
      }
      return ids;
    };
    expect(await list(api)).toEqual([onSale.id]);
    expect(await list(stranger.api)).toEqual([onSale.id]);
    expect(await list(stranger.api, "&status=draft")).toEqual([]);
    expect(await list(api, "&status=completed")).toEqual([over.id]);
    expect(await list(owner.api)).toEqual([draft.id, hidden.id, onSale.id, over.id]);
    expect(await list(owner.api, "&status=published")).toEqual([hidden.id, onSale.id]);
    expect(await list(owner.api, "&status=draft")).toEqual([draft.id]);
    for (const query of ["limit=0", "limit=101", "status=sold", "organizerId=me"])
      expect(codeOf(await api.get(`/events?${query}`))).toBe("400 invalid_query");
    expect(codeOf(await api.get("/events?cursor=nonsense"))).toBe("400 invalid_cursor");
  });
});
