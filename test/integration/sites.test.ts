import { beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "../support/client";
import { type Box, createOrganizer, createPublishedEvent, draftEvent, openBoxOffice } from "../support/scenes";

const api = connect(inject("origin"));
let box: Box;
let page: (path: string) => ReturnType<typeof api.get>;

beforeAll(async () => {
  box = await openBoxOffice(api, { title: "Jazz <script>alert(1)</script>", description: "Line one\n\n<b>Line two</b>" });
  page = (path) => api.get(path, { host: `${box.organizer.slug}.localhost` });
});

describe("an organizer's host", () => {
  test("lists his published events and nobody else's", async () => {
    const other = await openBoxOffice(api, { title: "Somebody else's evening" });
    await box.owner.api.post("/events", draftEvent(box.organizer.id, { title: "Only a draft" }));
    await createPublishedEvent(box.owner, box.organizer.id, { title: "Only for friends", settings: { isPublic: false } });
    const list = await page("/");
    expect(list.status).toBe(200);
    expect(list.headers.get("content-type")).toContain("text/html");
    expect(list.text).toContain(`/e/${box.event.id}`);
    expect(list.text).toContain("€25.00");
    for (const hidden of ["Somebody else", "Only a draft", "Only for friends"]) expect(list.text).not.toContain(hidden);
    expect((await page(`/e/${other.event.id}`)).status).toBe(404);
  });

  test("shows an event: time at the event, place, tickets and what is left, what people wrote as text", async () => {
    const path = `/e/${box.event.id}`;
    const shown = await page(path);
    expect(shown.status).toBe(200);
    expect(shown.text.replaceAll(/<\/?bdi>/g, "")).toContain("Blue Note, Ring 1, Vienna, AT");
    expect(shown.text).toContain("Standing");
    expect(shown.text).toContain("50 left");
    expect(shown.text).toMatch(/CES?T/);
    expect(shown.text).toContain("Jazz &lt;script&gt;");
    expect(shown.text).not.toMatch(/<script>|<b>/);
    expect(shown.headers.get("content-security-policy")).toContain("default-src 'none'; script-src 'nonce-");
    const items = [{ ticketTypeId: box.event.ticketTypes[0]?.id, quantity: 3 }];
    expect((await api.post(`/events/${box.event.id}/holds`, { items })).status).toBe(201);
    expect((await page(`${path}/a-readable-title`)).text).toContain("47 left");
  });

  test("wears the organizer's colours", async () => {
    await box.owner.api.post("/branding/settings", { organizerId: box.organizer.id, primaryColor: "#7c2d12" });
    expect((await page("/")).text).toContain("--brand:#7c2d12;--on-brand:#ffffff");
  });

  test("keeps a cancelled event's page, and sells nothing there", async () => {
    const event = await createPublishedEvent(box.owner, box.organizer.id, { title: "Called off" });
    await box.owner.api.post(`/events/${event.id}/cancel`, { reason: "Rain" });
    const shown = await page(`/e/${event.id}`);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain("This event is cancelled.");
    expect(shown.text).not.toMatch(/\d left/);
    expect(shown.text).not.toContain("<form");
    expect((await page("/")).text).not.toContain("Called off");
  });

  test("has a page for what is not there, and the API for what is the API's", async () => {
    for (const path of ["/nothing", "/e/nothing", `/e/${crypto.randomUUID()}`, "/e/"]) {
      const missing = await page(path);
      expect(missing.status, path).toBe(404);
      expect(missing.text, path).toContain("There is no such page");
    }
    const posted = await api.post("/nothing", {}, { host: `${box.organizer.slug}.localhost` });
    expect([posted.status, posted.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect((await page(`/events/${box.event.id}`)).headers.get("content-type")).toContain("application/json");
  });
});

test("a host that is nobody's has no pages, and a client cannot say whose host it is", async () => {
  expect((await api.get("/", { host: "nobody-at-all.localhost" })).status).toBe(404);
  const forged = await api.get("/", { headers: { "x-bilten-organizer": box.organizer.id } });
  expect(forged.status).toBe(404);
  expect(forged.text).not.toContain(box.organizer.name);
});

test("an organizer without events says so", async () => {
  const organizer = await createOrganizer(box.owner);
  const list = await api.get("/", { host: `${organizer.slug.toUpperCase()}.LOCALHOST` });
  expect(list.status).toBe(200);
  expect(list.text).toContain("Nothing is announced at the moment.");
});

test("the API's page is read and tried in a browser, from this host alone", async () => {
  const docs = await api.get("/docs");
  expect(docs.status).toBe(200);
  expect(docs.text).toContain("/docs/swagger-ui-bundle.js");
  expect((await api.get("/docs/swagger-ui-bundle.js")).headers.get("content-type")).toContain("javascript");
  expect((await api.get("/docs/swagger-ui.css")).status).toBe(200);
});
