import { Hono } from "hono";
import { expect, test } from "vitest";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Principal } from "../../shared/contracts/principal";
import { type MembershipQuestions, memberGuard } from "../../shared/http/guards";
import { Problem, problemResponse } from "../../shared/http/problem";

const ORGANIZER = "0197f3b0-11aa-7d55-b1c4-7a6f5e4d3c2b";
const FRESH_MS = 300_000;

/** A route that asks for a fresh proof, once with a body of the usual size and once with a file. */
function startApp(kind: "form" | "file") {
  const questions: MembershipQuestions<Record<never, never>> = {
    subjectOf: async () => ({ organizerId: ORGANIZER, visible: true }),
    membership: async () => "owner",
    notFound: "organizer_not_found",
    ...(kind === "file" ? { maxFileBytes: () => 10 } : {}),
  };
  return new Hono()
    .post("/", memberGuard(questions)("organizer:write", { stepUp: true }), (c) => c.text("in"))
    .onError((error) => {
      if (error instanceof Problem) return problemResponse(error.refusal, "1");
      throw error;
    });
}

const owner = (ageMs: number): Principal => ({
  kind: "user",
  userId: "1",
  sessionId: "2",
  role: "user",
  authTimeMs: Date.now() - ageMs,
  organizerHost: false,
});
const key: Principal = { kind: "api_key", keyId: "1", userId: "1", organizerId: null, scopes: ["organizer:write"] };

const post = (kind: "form" | "file", principal: Principal) =>
  startApp(kind).request("/", { method: "POST", headers: { [INTERNAL_HEADERS.principal]: JSON.stringify(principal) } });

test.each(["form", "file"] as const)("a fresh proof is asked for where a member posts a %s", async (kind) => {
  expect((await post(kind, owner(FRESH_MS - 1_000))).status).toBe(200);
  const stale = await post(kind, owner(FRESH_MS + 1_000));
  expect([stale.status, stale.headers.get("www-authenticate")]).toEqual([401, expect.stringContaining('max_age="300"')]);
  expect((await post(kind, key)).status).toBe(403);
});

test.each([
  ["credential_missing", "Bearer"],
  ["credential_invalid", 'Bearer error="invalid_token"'],
  ["credential_expired", 'Bearer error="invalid_token"'],
  ["token_stale", 'Bearer error="invalid_token"'],
  ["invalid_credentials", "Bearer"],
  ["refresh_token_invalid", "Bearer"],
  ["refresh_token_reused", "Bearer"],
  ["mfa_token_invalid", "Bearer"],
] as const)("%s challenges with %s", (code, challenge) => {
  expect(problemResponse({ code }, "1").headers.get("www-authenticate")).toBe(challenge);
});
