import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { register } from "../../workers/auth/registration";
import { draftOf, NOW_MS, PASSWORD, settled, startAuth } from "../support/auth";

const EMAIL = "ada@bilten.example";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  vi.restoreAllMocks();
  await settled();
  await reset();
});

describe("passwords known from leaks", () => {
  const PWNED = "https://pwned.bilten.example";
  const registerWith = async (password: string, pwnedPasswordsApi = PWNED): Promise<string> => {
    const auth = startAuth({ pwnedPasswordsApi });
    const answer = await register(auth.env, auth.after, draftOf(EMAIL, { password }), NOW_MS);
    return answer.ok ? "registered" : JSON.stringify(answer.error.errors);
  };
  // SHA-1 of "a cup of earl grey", split as the range API splits it.
  const sha1Of = async (password: string) =>
    new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(password))).toHex().toUpperCase();

  test("are refused, and only five digits of their hash leave", async () => {
    const hash = await sha1Of(PASSWORD);
    const fetched = vi
      .spyOn(globalThis, "fetch")
      .mockImplementation(async () => new Response(`${"0".repeat(35)}:3\r\n${hash.slice(5)}:42\r\n`));
    expect(await registerWith(PASSWORD)).toContain("is known from a leak");
    expect(fetched.mock.calls.map(([url]) => url)).toEqual([`${PWNED}/range/${hash.slice(0, 5)}`]);
  });

  test("an unknown one and padding are taken", async () => {
    const hash = await sha1Of(PASSWORD);
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => new Response(`${hash.slice(5)}:0\r\n${"F".repeat(35)}:1`));
    expect(await registerWith(PASSWORD)).toBe("registered");
  });

  test.each([
    ["fails", async () => Promise.reject(new Error("no route"))],
    ["is down", async () => new Response("", { status: 503 })],
    ["leads elsewhere", async () => Response.redirect("https://evil.example/", 302)],
    ["answers without end", async () => new Response("0".repeat(300_000))],
  ])("a service that %s keeps nobody from a password", async (_, answer: () => Promise<Response>) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(globalThis, "fetch").mockImplementation(answer);
    expect(await registerWith(PASSWORD)).toBe("registered");
  });

  test("one that never answers is waited for a second", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(globalThis, "fetch").mockImplementation(
      (_, init) => new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
    );
    const startedMs = performance.now();
    expect(await registerWith(PASSWORD)).toBe("registered");
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  test("nobody is asked while nothing is configured", async () => {
    const fetched = vi.spyOn(globalThis, "fetch");
    expect(await registerWith(PASSWORD, "")).toBe("registered");
    expect(fetched).not.toHaveBeenCalled();
  });
});
