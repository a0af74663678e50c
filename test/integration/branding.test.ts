import { beforeAll, describe, expect, inject, test } from "vitest";
import { BrandSettings } from "../../shared/contracts/branding";
import type { Organizer } from "../../shared/contracts/organizers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { connect, parse } from "../support/client";
import { createOrganizer, type Person, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
let owner: Person;
let organizer: Organizer;

beforeAll(async () => {
  owner = await registerAndLogin(api, { name: "Olga Owner" });
  organizer = await createOrganizer(owner);
});

const problem = async (answer: Promise<Parameters<typeof parse>[1]>, status: number) =>
  parse(ProblemBody, await answer, status).code;

describe("an organizer's look", () => {
  test("is the house's own at first, and what a member saved from then on", async () => {
    const path = `/branding/settings/${organizer.id}`;
    const before = await api.get(path);
    expect(parse(BrandSettings, before, 200).updatedAt).toBeNull();

    const saved = parse(
      BrandSettings,
      await owner.api.post("/branding/settings", { organizerId: organizer.id, primaryColor: "#7C2D12" }),
      200,
    );
    expect(saved.primaryColor).toBe("#7c2d12");
    const after = await api.get(`/v1${path}`);
    expect(parse(BrandSettings, after, 200)).toEqual(saved);
    const etag = after.headers.get("etag") ?? "";
    expect((await api.get(path, { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await api.get(path, { headers: { "if-none-match": before.headers.get("etag") ?? "" } })).status).toBe(200);
  });

  test("is changed by If-Match only where nobody changed it meanwhile", async () => {
    const stale = { headers: { "if-match": '"v99"' } };
    const body = { organizerId: organizer.id, secondaryColor: "#000000" };
    expect(await problem(owner.api.post("/branding/settings", body, stale), 412)).toBe("version_stale");
  });

  test("is refused in the order of checks: credential, permission, form", async () => {
    const stranger = await registerAndLogin(api);
    const wrong = { organizerId: organizer.id, primaryColor: "red" };
    expect(await problem(api.post("/branding/settings", wrong), 401)).toBe("credential_missing");
    expect(await problem(stranger.api.post("/branding/settings", wrong), 403)).toBe("forbidden");
    expect(await problem(owner.api.post("/branding/settings", wrong), 400)).toBe("invalid_body");
    expect(await problem(owner.api.post("/branding/settings", { organizerId: organizer.id, color: "#000000" }), 400)).toBe(
      "invalid_body",
    );
    expect(await problem(owner.api.post("/branding/settings", { primaryColor: "#000000" }), 400)).toBe("invalid_body");
    expect(await problem(owner.api.send("POST", "/branding/settings", "{"), 400)).toBe("invalid_json");
    const unknown = { organizerId: crypto.randomUUID(), primaryColor: "#000000" };
    expect(await problem(owner.api.post("/branding/settings", unknown), 404)).toBe("organizer_not_found");
  });

  test("an organizer who does not exist has none", async () => {
    expect(await problem(api.get(`/branding/settings/${crypto.randomUUID()}`), 404)).toBe("organizer_not_found");
    expect(await problem(api.get("/branding/settings/nobody"), 404)).toBe("organizer_not_found");
    expect(await problem(api.delete(`/branding/settings/${organizer.id}`), 405)).toBe("method_not_allowed");
  });
});
