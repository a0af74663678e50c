/** What a page of another origin can do with a browser's session: nothing; and what no cache may keep of one. */
import { beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { AvailabilityFrame } from "../../shared/contracts/availability";
import type { PublishedEvent } from "../../shared/contracts/events";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { NO_SESSION_COOKIE } from "../../shared/http/session-cookie";
import { type BrowserSession, signInByCookie } from "../support/browser-session";
import { type Answer, connect, parse } from "../support/client";
import { shakeHands } from "../support/live";
import { type Box, createPublishedEvent, openBoxOffice, registerAndLogin } from "../support/scenes";

const NAME = "__Host-bilten-session";
const api = connect(inject("origin"));
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const Named = z.looseObject({ name: z.string() });

let box: Box;
let hidden: PublishedEvent;
let session: BrowserSession;
beforeAll(async () => {
  box = await openBoxOffice(api);
  hidden = await createPublishedEvent(box.owner, box.organizer.id, { settings: { isPublic: false } });
  session = await signInByCookie(api, box.owner.email);
});

const nameNow = async () => parse(Named, await session.bare.get("/users/profile"), 200).name;

describe("what changes something by cookie", () => {
  test("is refused without the origin that is asked or without the session's token, and changes nothing", async () => {
    const { cookie, csrfToken } = session;
    const stranger = await signInByCookie(api, (await registerAndLogin(api)).email);
    const origin = api.origin;
    const ways: Record<string, Record<string, string>> = {
      "the cookie alone": {},
      "no token": { origin },
      "no origin": { "x-csrf-token": csrfToken },
      "a foreign origin": { origin: "https://evil.example", "x-csrf-token": csrfToken },
      "an organizer's origin": { origin: `http://${box.organizer.slug}.localhost`, "x-csrf-token": csrfToken },
      "an opaque origin": { origin: "null", "x-csrf-token": csrfToken },
      "somebody else's token": { origin, "x-csrf-token": stranger.csrfToken },
      "a guess": { origin, "x-csrf-token": "x".repeat(43) },
    };
    const before = await nameNow();
    for (const [what, headers] of Object.entries(ways)) {
      const call = { headers: { cookie, ...headers } };
      for (const answer of [
        await api.put("/users/profile", { name: "Mallory" }, call),
        await api.post(`/events/${hidden.id}/cancel`, { reason: "Forged" }, call),
        await api.delete("/auth/sessions", call),
        await api.post("/auth/logout", undefined, call),
        await api.post(`/events/${box.event.id}/holds`, {}, call),
      ]) {
        expect(codeOf(answer, 403), `${what}: ${answer.request}`).toBe("csrf_failed");
        expect(answer.headers.getSetCookie(), "the session goes on").toEqual([]);
      }
    }
    expect(await nameNow()).toBe(before);
  });

  test("by a form, which a page can post anywhere, is refused before its body is looked at", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const headers = { cookie: session.cookie, origin: "http://demo.localhost", "content-type": type };
      const answer = await api.send("POST", "/auth/change-password", '{"currentPassword":"x"}', { headers });
      expect(codeOf(answer, 403), type).toBe("csrf_failed");
    }
  });

  test("by a page of ours is done, also under /v1", async () => {
    expect(parse(Named, await session.api.put("/v1/users/profile", { name: "Olga by cookie" }), 200).name).toBe("Olga by cookie");
    expect((await session.api.put(`/events/${hidden.id}`, { title: "Changed by cookie" })).status).toBe(200);
  });

  test("a route that takes anybody, and one that does not exist, say so first", async () => {
    expect(codeOf(await session.bare.post("/nowhere"), 404)).toBe("not_found");
    expect(codeOf(await session.bare.delete("/orders"), 405)).toBe("method_not_allowed");
    expect((await session.bare.post("/auth/forgot-password", { email: "nobody@people.example" })).status).toBe(202);
  });
});

describe("beside an Authorization", () => {
  test("the cookie is not looked at: a token needs no other, and a bad one is refused", async () => {
    const other = await registerAndLogin(api);
    for (const cookie of [session.cookie, `${NAME}=junk`]) {
      const both = { headers: { cookie }, token: other.tokens.accessToken };
      expect(parse(z.looseObject({ id: z.string() }), await api.get("/users/profile", both), 200).id).toBe(other.user.id);
      expect((await api.put("/users/profile", { name: "By token" }, both)).status).toBe(200);
      const refused = await api.get("/users/profile", { headers: { cookie }, token: "forged" });
      expect([codeOf(refused, 401), refused.headers.getSetCookie()]).toEqual(["credential_invalid", []]);
    }
  });
});

test("junk and two cookies are a bad credential, and taken away", async () => {
  for (const cookie of [
    `${NAME}=`,
    `${NAME}=junk`,
    `${session.cookie}x`,
    `${session.cookie}; ${session.cookie}`,
    `a=b; ${NAME}=bs_x`,
  ]) {
    const answer = await api.get("/users/profile", { headers: { cookie } });
    expect(codeOf(answer, 401), cookie).toBe("credential_invalid");
    expect(answer.headers.getSetCookie(), cookie).toEqual([NO_SESSION_COOKIE]);
    expect(codeOf(await api.get(`/events/${box.event.id}`, { headers: { cookie } }), 401), cookie).toBe("credential_invalid");
  }
  expect(codeOf(await api.get("/users/profile", { headers: { cookie: "bilten-session=bs_x; theme=dark" } }), 401)).toBe(
    "credential_missing",
  );
});

describe("what a page of another origin reads", () => {
  test("it reads as nobody, even with the cookie that its browser sends along", async () => {
    const as = (headers: Record<string, string>) => api.as({ headers: { cookie: session.cookie, ...headers } });
    for (const headers of [
      { origin: "http://demo.localhost" },
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
    ]) {
      const answer = await as(headers).get("/users/profile");
      expect(codeOf(answer, 401)).toBe("credential_missing");
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(codeOf(await as(headers).get(`/events/${hidden.id}`), 404)).toBe("event_not_found");
      expect((await as(headers).get(`/events/${box.event.id}`)).status).toBe(200);
    }
    const followed = as({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" });
    expect((await followed.get(`/events/${hidden.id}`)).status).toBe(200);
  });

  test("a private event streams to a member's page of the same origin, and to no other", async () => {
    const path = `/events/${hidden.id}/availability`;
    const open = (headers: Record<string, string>) =>
      shakeHands(api.origin, path, { headers: { cookie: session.cookie, ...headers } });
    const own = await open({ origin: api.origin });
    expect([own.status, AvailabilityFrame.parse(JSON.parse(own.text)).type]).toEqual([101, "state"]);
    for (const headers of [{ origin: "http://demo.localhost" }, { origin: "https://evil.example" }, {}]) {
      const refused = await open(headers);
      expect([refused.status, ProblemBody.parse(JSON.parse(refused.text)).code]).toEqual([404, "event_not_found"]);
    }
    const foreign = { headers: { cookie: session.cookie, origin: "https://evil.example" } };
    expect((await shakeHands(api.origin, `/events/${box.event.id}/availability`, foreign)).status).toBe(101);
  });

  test("no preflight lets another origin send what a cookie needs", async () => {
    const asked = {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-csrf-token,x-session",
    };
    const { headers } = await api.send("OPTIONS", "/auth/login", undefined, { headers: asked });
    expect(headers.get("access-control-allow-headers")).not.toMatch(/csrf|x-session|\*/);
    expect(headers.get("access-control-allow-credentials")).toBeNull();
  });
});

test("no shared cache keeps what was answered to a cookie, whatever it may keep of the same for others", async () => {
  const paths = [
    `/events/${box.event.id}`,
    `/events/search?q=evening`,
    `/branding/settings/${box.organizer.id}`,
    `/organizers/${box.organizer.id}`,
    `/events/${hidden.id}`,
    `/events/${box.event.id}/tickets`,
    `/events/${box.event.id}/availability`,
    `/events?organizerId=${box.organizer.id}`,
    "/users/profile",
    "/auth/session",
  ];
  for (const path of paths) {
    const answer = await session.bare.get(path);
    expect(answer.status, path).toBe(200);
    expect(answer.headers.get("cache-control"), path).toMatch(/no-store|private/);
    expect(answer.headers.get("cache-control"), path).not.toMatch(/public|s-maxage/);
  }
  const [event = ""] = paths;
  const toAnybody = await api.get(event);
  expect(toAnybody.headers.get("cache-control")).toBe("public, max-age=0, s-maxage=2");
  const etag = toAnybody.headers.get("etag") ?? "";
  const fresh = await session.bare.get(event, { headers: { "if-none-match": etag } });
  expect([fresh.status, fresh.headers.get("cache-control")]).toEqual([304, "private, max-age=0"]);
});
