import { expect, test } from "vitest";
import { finish } from "../../shared/http/finish";

const stamp = { requestId: "1", traceparent: null, ratePolicy: null, secure: true };

test("strict transport is asked for over TLS and never over plain HTTP", () => {
  expect(finish(new Response("x"), stamp).headers.get("strict-transport-security")).toBe("max-age=31536000");
  expect(finish(new Response("x"), { ...stamp, secure: false }).headers.has("strict-transport-security")).toBe(false);
});

test("what a route says of caching and content stands, the rest is filled in", () => {
  const own = new Response("x", {
    headers: { "cache-control": "public, max-age=60", "content-security-policy": "default-src 'self'" },
  });
  const { headers } = finish(own, stamp);
  expect(headers.get("cache-control")).toBe("public, max-age=60");
  expect(headers.get("content-security-policy")).toBe("default-src 'self'");
  expect(finish(new Response("x"), stamp).headers.get("cache-control")).toBe("no-store");
});

test("a response whose headers cannot be set is copied, not lost", () => {
  const sealed = Response.redirect("https://bilten.example/", 303);
  expect(() => sealed.headers.set("a", "b")).toThrow();
  const { status, headers } = finish(sealed, stamp);
  expect([status, headers.get("location"), headers.get("x-request-id")]).toEqual([303, "https://bilten.example/", "1"]);
});
