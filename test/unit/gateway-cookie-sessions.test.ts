/** What the gateway makes of a session's cookie: whose it is, whether a page of the asked origin sent it, and what its answer says. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Principal } from "../../shared/contracts/principal";
import type { CookieState } from "../../shared/contracts/session-cookie";
import { csrfTokenOf, NO_SESSION_COOKIE, sessionCookie } from "../../shared/http/session-cookie";
import { answerToCookie, cookiePrincipal } from "../../workers/gateway/cookie-sessions";
import { principalOf } from "../../workers/gateway/credentials";
import { REMEMBER_MS, TooManyLookUps, UNKNOWN_ASKED_FIRST } from "../../workers/gateway/look-ups";
import { SiblingDown } from "../../workers/gateway/siblings";

const ORIGIN = "https://api.bilten.example";
const NAME = "__Host-bilten-session";
const host = { audience: ORIGIN, organizerId: null };
const session: CookieState = {
  state: "live",
  userId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  sessionId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c073990",
  role: "user",
  authTimeMs: 1_800_000_000_000,
  audience: ORIGIN,
  organizerId: null,
};
const user = {
  kind: "user",
  userId: session.userId,
  sessionId: session.sessionId,
  role: "user",
  authTimeMs: 1_800_000_000_000,
  organizerHost: false,
  cookie: true,
};
const nobody = { kind: "anonymous" };
const refused = (code: string) => ({ kind: "refused", code });

let secret = "";
let state: CookieState = session;
let asked = 0;
let isLimited = false;
/** Each test has its own, because what strangers showed is counted for a minute. */
let network = "";
const sender = { network: () => network, charge: async () => !isLimited };
const auth = {
  cookieSessionOf: async () => {
    asked += 1;
    return state;
  },
};

beforeEach(() => {
  // Each test has its own cookie, because what is remembered of one stays.
  secret = `bs_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
  state = session;
  asked = 0;
  isLimited = false;
  network = crypto.randomUUID();
  vi.useRealTimers();
});

const requestOf = (method = "GET", headers: Record<string, string> = {}) =>
  new Request(`${ORIGIN}/users/profile`, { method, headers: { cookie: `theme=dark; ${NAME}=${secret}`, ...headers } });
const ask = (method?: string, headers?: Record<string, string>, at = host) =>
  cookiePrincipal(requestOf(method, headers), at, auth, sender);

describe("a cookie", () => {
  test("is the person whose session it is, and where there is none it is nobody", async () => {
    expect(await ask()).toEqual(user);
    expect(await ask("HEAD")).toEqual(user);
    for (const cookie of ["", "theme=dark", `${NAME}x=${secret}`, `x${NAME}=${secret}`, `theme=${NAME}`])
      expect(await ask("GET", { cookie }), cookie).toEqual(nobody);
  });

  test("of the wrong form, and two of the name, are refused without asking anybody", async () => {
    for (const value of [
      "",
      "bs_",
      secret.slice(0, -1),
      `${secret}x`,
      secret.replace("bs_", "br_"),
      `"${secret}"`,
      `bs_${"é".repeat(43)}`,
    ])
      expect(await ask("GET", { cookie: `${NAME}=${encodeURI(value)}` }), value).toEqual(refused("credential_invalid"));
    expect(await ask("GET", { cookie: `${NAME}=${secret}; ${NAME}=${secret}` })).toEqual(refused("credential_invalid"));
    expect(asked).toBe(0);
  });

  test("is not looked at beside an Authorization, good or bad, nor where everybody reads the same", async () => {
    // Nothing else of the environment is read.
    const env = { AUTH: auth, API_LIMIT: { limit: async () => ({ success: true }) } } as unknown as GatewayEnv;
    const after = { waitUntil: () => undefined };
    const both = (authorization: string) => principalOf(requestOf("POST", { authorization }), host, env, after);
    expect(await both("Bearer bh_secret")).toEqual({ kind: "bearer_secret", secret: "bh_secret" });
    expect(await both("Basic x")).toEqual(refused("credential_invalid"));
    expect(await principalOf(requestOf(), host, env, after, { takesCookie: false })).toEqual(nobody);
    expect(asked).toBe(0);
    expect(await principalOf(requestOf(), host, env, after)).toEqual(user);
  });

  test("works on the host where it was made, and for the organizer who had it then", async () => {
    const organizerId = "0197f3c2-7b1e-7cc3-98c4-dc0c0c0739aa";
    const site = { audience: "demo.sites.bilten.example", organizerId };
    expect(await ask("GET", {}, site as unknown as typeof host)).toEqual(refused("credential_invalid"));
    secret = secret.startsWith("bs_A") ? secret.replace("bs_A", "bs_B") : secret.replace(/^bs_./, "bs_A");
    state = { ...session, ...site };
    expect(await ask("GET", {}, site as unknown as typeof host)).toEqual({ ...user, organizerHost: true });
    expect(await ask("GET", {}, { ...site, organizerId: session.userId } as unknown as typeof host)).toEqual(
      refused("credential_invalid"),
    );
    expect(await ask()).toEqual(refused("credential_invalid"));
  });

  test("is asked for once in five seconds, dead ones too", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await ask();
    state = { state: "ended" };
    vi.advanceTimersByTime(REMEMBER_MS - 1);
    expect(await ask()).toEqual(user);
    expect(asked).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await ask()).toEqual(refused("credential_invalid"));
    await ask();
    expect(asked).toBe(2);
  });

  test("that nobody can look up is a 503, not a stranger", async () => {
    const down = { cookieSessionOf: () => Promise.reject(new Error("down")) };
    await expect(cookiePrincipal(requestOf(), host, down, sender)).rejects.toBeInstanceOf(SiblingDown);
  });

  test("that is made up asks nobody once its address has made up too many; one that was good does", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    expect(await ask()).toEqual(user);
    vi.advanceTimersByTime(REMEMBER_MS);
    isLimited = true;
    expect(await ask()).toEqual(user);
    const good = secret;
    state = { state: "ended" };
    for (let at = 0; at < UNKNOWN_ASKED_FIRST; at += 1) {
      secret = `bs_${String(at).padStart(43, "B")}`;
      expect(await ask()).toEqual(refused("credential_invalid"));
    }
    asked = 0;
    secret = `bs_${"B".repeat(43)}`;
    await expect(ask()).rejects.toBeInstanceOf(TooManyLookUps);
    expect(asked).toBe(0);
    secret = good;
    expect(await ask()).toEqual(user);
  });
});

describe("what changes something", () => {
  test("needs the origin that is asked and the cookie's own token", async () => {
    const token = await csrfTokenOf(secret);
    const good = { origin: ORIGIN, "x-csrf-token": token };
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) expect(await ask(method, good), method).toEqual(user);
    const others = await csrfTokenOf(`bs_${"A".repeat(43)}`);
    const bad: Record<string, Record<string, string>> = {
      "no origin": { "x-csrf-token": token },
      "a foreign origin": { ...good, origin: "https://evil.example" },
      "a neighbour's origin": { ...good, origin: "https://demo.bilten.example" },
      "another scheme": { ...good, origin: "http://api.bilten.example" },
      "another port": { ...good, origin: `${ORIGIN}:8443` },
      "an opaque origin": { ...good, origin: "null" },
      "no token": { origin: ORIGIN },
      "an empty token": { origin: ORIGIN, "x-csrf-token": "" },
      "another session's token": { origin: ORIGIN, "x-csrf-token": others },
      "a shortened token": { origin: ORIGIN, "x-csrf-token": token.slice(0, -1) },
      "the cookie itself": { origin: ORIGIN, "x-csrf-token": secret },
    };
    for (const [what, headers] of Object.entries(bad)) {
      expect(await ask("POST", headers), what).toEqual(refused("csrf_failed"));
      expect(await ask("DELETE", headers), what).toEqual(refused("csrf_failed"));
    }
  });
});

describe("what reads", () => {
  test("is nobody's when a page of another origin asks, and the person's when he goes there", async () => {
    const from = (site: string, mode: string) => ask("GET", { "sec-fetch-site": site, "sec-fetch-mode": mode });
    expect(await from("same-origin", "cors")).toEqual(user);
    expect(await from("none", "navigate")).toEqual(user);
    expect(await from("cross-site", "navigate")).toEqual(user);
    for (const site of ["same-site", "cross-site"])
      for (const mode of ["cors", "no-cors", "websocket"]) expect(await from(site, mode)).toEqual(nobody);
    expect(await ask("GET", { origin: "https://demo.bilten.example" })).toEqual(nobody);
    expect(await ask("GET", { origin: ORIGIN })).toEqual(user);
  });

  test("over a WebSocket must come from the origin that is asked", async () => {
    const open = (headers: Record<string, string>) => ask("GET", { upgrade: "websocket", ...headers });
    expect(await open({ origin: ORIGIN })).toEqual(user);
    expect(await open({ origin: "https://demo.bilten.example" })).toEqual(nobody);
    expect(await open({})).toEqual(nobody);
  });
});

describe("the answer to a cookie", () => {
  const told = (principal: Principal, answer: Response) => answerToCookie(answer, principal).headers;

  test("takes away what has ended or is junk, and leaves what another tab has replaced", async () => {
    const unauthorized = () => new Response(null, { status: 401 });
    state = { state: "ended" };
    expect(told(await ask(), unauthorized()).get("set-cookie")).toBe(NO_SESSION_COOKIE);
    expect(told(await ask("GET", { cookie: `${NAME}=junk` }), unauthorized()).get("set-cookie")).toBe(NO_SESSION_COOKIE);
    secret = secret.startsWith("bs_A") ? secret.replace("bs_A", "bs_B") : secret.replace(/^bs_./, "bs_A");
    state = { state: "replaced" };
    expect(told(await ask(), unauthorized()).has("set-cookie")).toBe(false);
    expect(told({ kind: "refused", code: "credential_invalid" }, unauthorized()).has("set-cookie")).toBe(false);
  });

  test("to signing out takes away a replaced one too, where a page of the origin that is asked sent it", async () => {
    state = { state: "replaced" };
    const signOut = async (path: string, headers: Record<string, string>, method = "POST") => {
      const request = new Request(`${ORIGIN}${path}`, { method, headers: { cookie: `${NAME}=${secret}`, ...headers } });
      const principal = await cookiePrincipal(request, host, auth, sender);
      expect(principal).toEqual(refused("credential_invalid"));
      return told(principal, new Response(null, { status: 401 })).get("set-cookie");
    };
    for (const path of ["/auth/logout", "/v1/auth/logout"])
      expect(await signOut(path, { origin: ORIGIN }), path).toBe(NO_SESSION_COOKIE);
    expect(await signOut("/auth/logout", { origin: "https://demo.bilten.example" })).toBeNull();
    expect(await signOut("/auth/logout", {})).toBeNull();
    expect(await signOut("/auth/logout", { origin: ORIGIN }, "GET")).toBeNull();
    for (const path of ["/auth/step-up", "/auth/logouts", "/users/auth/logout"])
      expect(await signOut(path, { origin: ORIGIN }), path).toBeNull();
  });

  test("leaves alone what signs in with a dead cookie beside it, and what does not mind it", async () => {
    state = { state: "ended" };
    const ended = await ask();
    expect(told(ended, new Response(null, { headers: { "set-cookie": "a=b" } })).get("set-cookie")).toBe("a=b");
    expect(told(ended, new Response(null, { status: 401, headers: { "set-cookie": "a=b" } })).getSetCookie()).toEqual(["a=b"]);
    expect(told(ended, new Response(null)).has("set-cookie")).toBe(false);
  });

  test("is for no shared cache, whatever it is to others", async () => {
    const live = await ask();
    const caching = (principal: Principal, value: string, status = 200) =>
      told(principal, new Response(null, { status, headers: { "cache-control": value } })).get("cache-control");
    expect(caching(live, "public, max-age=0, s-maxage=2")).toBe("private, max-age=0");
    expect(caching(live, "public, max-age=0, s-maxage=2", 304)).toBe("private, max-age=0");
    expect(caching(live, "Public,max-age=31536000, immutable")).toBe("private, max-age=31536000, immutable");
    expect(caching(live, "max-age=5, s-maxage=2")).toBe("private, max-age=5");
    expect(caching(live, "no-cache"), "which may be kept, and asked about").toBe("private, no-cache");
    expect(told(live, new Response(null)).get("cache-control")).toBe("private");
    for (const value of ["no-store", "private, no-cache"]) expect(caching(live, value)).toBe(value);
    expect(caching({ kind: "anonymous" }, "public, max-age=0, s-maxage=2")).toBe("public, max-age=0, s-maxage=2");
    const { cookie: _, ...byToken } = { ...live, cookie: undefined } as Principal & { cookie?: true };
    expect(caching(byToken as Principal, "public, max-age=5")).toBe("public, max-age=5");
  });
});

test("a cookie is set for this host alone, over TLS, and for no script", () => {
  expect(sessionCookie("bs_x", 60.7)).toBe("__Host-bilten-session=bs_x; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60");
  expect(NO_SESSION_COOKIE).toBe("__Host-bilten-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
});
