/** Live availability over a real network, through the gateway. */
import { randomUUID } from "node:crypto";
import { beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { AvailabilityFrame } from "../../shared/contracts/availability";
import { AvailableTicketType } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { connect, parse } from "../support/client";
import { listenLive, liveUrl, shakeHands } from "../support/live";
import { type Box, createPublishedEvent, draftEvent, eventually, openBoxOffice, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
const Snapshot = z.object({ data: z.array(AvailableTicketType) });
let box: Box;

beforeAll(async () => {
  box = await openBoxOffice(api);
});

const pathOf = (eventId: string) => `/events/${eventId}/availability`;
const holdDraft = (event: Box["event"], quantity: number) => ({ items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity }] });
const soon = <T>(what: string, look: () => T | undefined, withinMs = 1_000) => eventually(what, async () => look(), withinMs);
const codeOf = (text: string): string => ProblemBody.parse(JSON.parse(text)).code;

test("a listener has everything at once, hears of a hold within a second and of the end, and the plain question stays", async () => {
  const event = await createPublishedEvent(box.owner, box.organizer.id);
  const listener = await listenLive(liveUrl(api.origin, event.id));
  const first = await soon("the state", () => listener.frames[0]);
  const snapshot = parse(Snapshot, await api.get(pathOf(event.id)), 200);
  // What is held and not paid moves with each payment, and nobody can choose by it.
  expect(first).toMatchObject({ type: "state", data: snapshot.data.map(({ reserved: _reserved, ...type }) => type) });

  parse(Hold, await api.post(`/events/${event.id}/holds`, holdDraft(event, 7)), 201);
  const change = await soon("the change", () => listener.frames[1]);
  expect(change).toEqual({
    type: "change",
    version: first.version + 1,
    asOf: expect.any(String),
    data: [{ id: event.ticketTypes[0]?.id, available: 43, status: "on_sale" }],
  });
  listener.send("ping");
  await soon("the pong", () => listener.words[0]);

  expect([200, 202]).toContain((await box.owner.api.post(`/events/${event.id}/cancel`, { reason: "Flood" })).status);
  const closed = await soon("the end", () => listener.closed() ?? undefined, 3_000);
  expect(closed).toEqual({ code: 1000, reason: "cancelled" });
  expect(listener.frames.at(-1)).toMatchObject({ type: "end", status: "cancelled" });
});

test("the gateway passes the upgrade on as it is, on its own host and on an organizer's", async () => {
  for (const host of [undefined, `${box.organizer.slug}.localhost`]) {
    const answer = await shakeHands(api.origin, `/v1${pathOf(box.event.id)}`, {
      headers: { origin: "https://elsewhere.example", ...(host ? { host } : {}) },
    });
    // RFC 6455, 1.3: what the sample key is answered by.
    expect([answer.status, answer.headers["sec-websocket-accept"]]).toEqual([101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
    expect(AvailabilityFrame.parse(JSON.parse(answer.text)).type).toBe("state");
  }
});

test("what may not be listened to is refused before the upgrade, like what does not exist", async () => {
  const hidden = await createPublishedEvent(box.owner, box.organizer.id, { settings: { isPublic: false } });
  const drafted = z.object({ id: z.string() }).parse((await box.owner.api.post("/events", draftEvent(box.organizer.id))).body);
  const stranger = await registerAndLogin(api);
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  for (const id of [hidden.id, drafted.id, randomUUID(), "no-id"]) {
    for (const who of [{}, bearer(stranger.tokens.accessToken)]) {
      const { status, text } = await shakeHands(api.origin, pathOf(id), who);
      expect([status, codeOf(text)], id).toEqual([404, "event_not_found"]);
    }
  }
  const bad = await shakeHands(api.origin, pathOf(box.event.id), bearer("ey.no.token"));
  expect([bad.status, codeOf(bad.text)]).toEqual([401, "credential_invalid"]);
  const early = await shakeHands(api.origin, pathOf(drafted.id), bearer(box.owner.tokens.accessToken));
  expect([early.status, codeOf(early.text)]).toEqual([409, "event_state"]);

  const member = await listenLive(liveUrl(api.origin, hidden.id), bearer(box.owner.tokens.accessToken).headers);
  expect((await soon("the state", () => member.frames[0])).data).toHaveLength(1);
  member.close();
});

test("an upgrade to something else is the plain question", async () => {
  const { status, text } = await shakeHands(api.origin, pathOf(box.event.id), { headers: { upgrade: "h2c" } });
  expect(status).toBe(200);
  expect(Snapshot.parse(JSON.parse(text)).data).toHaveLength(1);
});
