import { Hono } from "hono";
import { expect, it } from "vitest";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import { Problem } from "../../shared/http/problem";
import { page } from "../../workers/sites/answering";
import type { Env } from "../../workers/sites/environment";
import { brandedSite } from "../support/branded-site";

const { organizer, brand } = brandedSite();
const env = {
  ENVIRONMENT: "production",
  USERS: { organizers: async () => [organizer] },
  BRANDING: { settings: async () => brand },
} as unknown as Env;
const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

async function ask(answer: Parameters<typeof page>[0], path = "/", headers: Record<string, string> = {}) {
  const app = new Hono<{ Bindings: Env }>().get("/:thingId?", page(answer));
  const request = new Request(`https://blue-note.example${path}`, {
    headers: { [INTERNAL_HEADERS.organizer]: organizer.id, "accept-language": "de", ...headers },
  });
  const response = await app.fetch(request, env, context);
  return { response, text: await response.text() };
}

const thrower = (error: unknown) => async () => {
  throw error;
};

it("tells a person on a page what cannot be done now, and says nothing of why", async () => {
  const failures: [unknown, number, string][] = [
    [new Error("secret detail"), 500, "Bei uns ist etwas schiefgegangen."],
    [new Problem("overloaded"), 503, "Gerade fragen zu viele zugleich."],
    [Object.assign(new Error("secret detail"), { overloaded: true }), 503, "Gerade fragen zu viele zugleich."],
  ];
  for (const [error, status, said] of failures) {
    const { response, text } = await ask(thrower(error));
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("retry-after")).toBe(status === 503 ? "2" : null);
    expect(text).toContain(said);
    expect(text).toContain('<a href="/" class="button">');
    expect(text).not.toContain("secret detail");
  }
});

it("has no page for an id that cannot be one, nor for what there is not", async () => {
  const answer = async () => null;
  expect((await ask(answer, "/nothing")).response.status).toBe(404);
  expect((await ask(answer)).text).toContain("Diese Seite gibt es nicht");
});
