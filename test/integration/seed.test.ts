import { expect, inject, test } from "vitest";
import { z } from "zod";
import { Tokens } from "../../shared/contracts/accounts";
import { AvailableTicketType, PublishedEvent } from "../../shared/contracts/events";
import { listOf } from "../../shared/http/list";
import { DEMO_PASSWORD, DEMO_PEOPLE, DEMO_SLUG, type Notes, seed } from "../../shared/scripts/seed.ts";
import { connect, parse } from "../support/client";

const Tickets = z.object({ data: z.array(AvailableTicketType) });
const origin = inject("origin");
const api = connect(origin);

/** What a run wrote down, killed after its `lines`-th line. */
function notesOf(note: Record<string, string>, lines = Number.POSITIVE_INFINITY): Notes & { note: Record<string, string> } {
  let written = 0;
  return {
    note,
    read: () => ({ ...note }),
    write: (now) => {
      written += 1;
      if (written > lines) throw new Error("killed");
      Object.assign(note, now);
    },
  };
}

test("the demo data is loaded by whoever comes after a run that was killed at any of its steps", async () => {
  const first = notesOf({}, 0);
  await expect(seed(origin, first)).rejects.toThrow("killed");
  expect(first.note).toEqual({});

  // Each run is killed one line after the last one's.
  let note: Record<string, string> = {};
  for (const lines of [1, 1, 2, 1, 1]) {
    const notes = notesOf(note, lines);
    await expect(seed(origin, notes)).rejects.toThrow("killed");
    note = notes.note;
  }
  expect(note.organizerId).toBeDefined();

  await seed(origin, notesOf(note));
  const onSale = async () =>
    parse(listOf(PublishedEvent), await api.get(`/events?organizerId=${note.organizerId}&status=published`), 200).data;
  const titles = (await onSale()).map(({ title }) => title);
  expect(titles.toSorted()).toEqual(["Late set at the cellar", "Midsummer on the river", "Open rehearsal", "The Understudy"]);
  await seed(origin, notesOf(note));
  expect((await onSale()).map(({ title }) => title)).toEqual(titles);
  const cellar = await api.get(`/events/${note.cellarId}/tickets`);
  expect(parse(Tickets, cellar, 200).data).toMatchObject([{ available: 3, status: "on_sale" }]);

  for (const [role, { email }] of Object.entries(DEMO_PEOPLE)) {
    const { user } = parse(Tokens, await api.post("/auth/login", { email, password: DEMO_PASSWORD }), 200);
    expect(user.role === "admin").toBe(role === "admin");
  }
  expect((await api.get("/", { host: `${DEMO_SLUG}.localhost` })).text).toContain("Midsummer on the river");
});
