import { expect, it } from "vitest";
import { isForPeople } from "../../shared/http/navigation";
import { sorryResponse } from "../../workers/gateway/sorry";

const asked = (method: string, headers: Record<string, string> = {}) =>
  new Request("https://blue-note.example/", { method, headers });

it("tells a person in his own language that too many ask, and asks again only for what was only asked for", async () => {
  const refusal = { code: "rate_limited", retryAfterSeconds: 60 } as const;
  const page = sorryResponse(asked("GET", { "accept-language": "de-AT" }), refusal);
  expect([page.status, page.headers.get("retry-after")]).toEqual([429, "60"]);
  const text = await page.text();
  expect(text).toContain("Gerade fragen zu viele zugleich");
  expect(text).toContain('http-equiv="refresh" content="60"');
  expect(text.length).toBeLessThan(1_000);
  const form = sorryResponse(asked("POST"), { code: "unavailable" });
  expect([form.status, form.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await form.text()).not.toContain("refresh");
});

it("knows who goes to a page from who calls the API", () => {
  expect(isForPeople(asked("GET", { accept: "text/html,application/xhtml+xml,*/*;q=0.8" }))).toBe(true);
  for (const accept of ["*/*", "application/json"]) expect(isForPeople(asked("GET", { accept }))).toBe(false);
});
