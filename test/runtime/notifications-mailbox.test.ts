import { applyD1Migrations, createExecutionContext, createMessageBatch, getQueueResult, reset } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { envelope } from "../../shared/queue/envelope";
import worker from "../../workers/notifications/index";

afterEach(() => {
  vi.restoreAllMocks();
  return reset();
});

test("a nudge that cannot be sent brings back no message that was settled", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await applyD1Migrations(bindings.NOTIFICATIONS_DB, bindings.MIGRATIONS.notifications);
  const send = vi.fn(async () => Promise.reject(new Error("the queue is down")));
  // Nothing else of the environment is read.
  const env = { DB: bindings.NOTIFICATIONS_DB, OUTGOING: { send } } as unknown as NotificationsEnv;
  const mailId = crypto.randomUUID();
  const data = { accountId: crypto.randomUUID(), mailId };
  const body = envelope("/auth", { type: "account.mail_requested", subject: mailId, version: 1, nowMs: 0, data });
  const batch = createMessageBatch("bilten-notifications-mailbox", [
    { id: "one", timestamp: new Date(), attempts: 1, body },
  ]) as MessageBatch;
  const context = createExecutionContext();
  await worker.queue(batch, env, context);
  const { outcome, explicitAcks } = await getQueueResult(batch, context);
  expect([outcome, explicitAcks]).toEqual(["ok", ["one"]]);
  expect(send).toHaveBeenCalledTimes(1);
  expect(errors).toHaveBeenCalledTimes(1);
  expect(await bindings.NOTIFICATIONS_DB.prepare("SELECT count(*) AS n FROM deliveries").first("n")).toBe(1);
});
