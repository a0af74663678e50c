/** Development's outbox does not grow without an end. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { capturingSender, listCaptured, readCaptured } from "../../workers/notifications/captured-messages";
import type { Mail } from "../../workers/notifications/mail";

const db = env.NOTIFICATIONS_DB;
beforeEach(() => applyD1Migrations(db, env.MIGRATIONS.notifications));
afterEach(() => reset());

const mail: Mail = {
  to: "Ada@bilten.example",
  fromName: "Blue Note",
  subject: "The newest",
  text: "text",
  html: "<p>text</p>",
  language: "en",
  attachments: [{ filename: "a.txt", contentType: "text/plain", content: new Uint8Array(3) }],
  data: { type: "t" },
};

it("the newest 2,000 mails are kept", async () => {
  await db
    .prepare(
      `INSERT INTO captured_messages (id, recipient, message, created_at_ms)
       SELECT printf('old-%05d', value), 'old@bilten.example', '{}', value FROM json_each(?)`,
    )
    .bind(JSON.stringify(Array.from({ length: 2_100 }, (_, index) => index)))
    .run();
  await capturingSender(db).send([{ key: "new", mail }]);
  const row = await db.prepare("SELECT count(*) AS kept, min(created_at_ms) AS oldest FROM captured_messages").first();
  expect(row).toEqual({ kept: 2_000, oldest: 101 });
  expect((await readCaptured(db, { limit: 1 }))[0]?.id).toBe("new");
});

it("the list reads a line of each mail, by whoever it went to", async () => {
  await capturingSender(db).send([
    { key: "one", mail },
    { key: "two", mail: { ...mail, to: "bo@bilten.example", attachments: [] } },
  ]);
  const line = { subject: "The newest", createdAt: expect.stringMatching(/Z$/) };
  expect(await listCaptured(db, { limit: 10 })).toEqual([
    { ...line, id: "two", to: "bo@bilten.example", attachments: 0 },
    { ...line, id: "one", to: "Ada@bilten.example", attachments: 1 },
  ]);
  expect((await listCaptured(db, { to: "ADA@bilten.example", limit: 10 })).map(({ id }) => id)).toEqual(["one"]);
});
