import { expect, inject, test } from "vitest";
import { Tokens } from "../../shared/contracts/accounts";
import { PublishedEvent } from "../../shared/contracts/events";
import { listOf } from "../../shared/http/list";
import { DEMO_PASSWORD, DEMO_PEOPLE, DEMO_SLUG, type Notes, seed } from "../../shared/scripts/seed.ts";
import { connect, parse } from "../support/client";

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

  const second = notesOf({}, 1);
  await expect(seed(origin, second)).rejects.toThrow("killed");
  expect(Object.keys(second.note)).toEqual(["organizerId"]);

  const third = notesOf(second.note);
  await seed(origin, third);
  const onSale = async () =>
    parse(listOf(PublishedEvent), await api.get(`/events?organizerId=${third.note.organizerId}&status=published`), 200).data;
  expect((await onSale()).map(({ id }) => id)).toEqual([third.note.eventId]);
  await seed(origin, notesOf(third.note));
  expect(await onSale()).toHaveLength(1);

  for (const [role, { email }] of Object.entries(DEMO_PEOPLE)) {
    const { user } = parse(Tokens, await api.post("/auth/login", { email, password: DEMO_PASSWORD }), 200);
    expect(user.role === "admin").toBe(role === "admin");
  }
  expect((await api.get("/", { host: `${DEMO_SLUG}.localhost` })).text).toContain("Midsummer on the river");
});
