import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  consumeBatch,
  delayOf,
  type Failure,
  MAX_RETRIES,
  type MessageHandlers,
  type Park,
  together,
} from "../../shared/queue/consume";
import { envelope } from "../../shared/queue/envelope";

interface Queued {
  body: unknown;
  outcome: string;
  attempts: number;
}

const env = { ENVIRONMENT: "development" };
const ctx = { waitUntil: () => undefined };
const changed = (eventId = crypto.randomUUID()) =>
  envelope("/events", {
    type: "event.changed",
    subject: eventId,
    version: 2,
    data: { eventId, organizerId: crypto.randomUUID() },
    nowMs: 1_800_000_000_000,
  });

interface Delivery {
  attempts?: number;
  park?: Park;
}
const nobodyParks: Park = async () => expect.unreachable("parked before the last delivery");

async function consume(
  bodies: unknown[],
  handlers: MessageHandlers<typeof env>,
  { attempts = 1, park = nobodyParks }: Delivery = {},
): Promise<string[]> {
  const messages: Queued[] = bodies.map((body) => ({ body, outcome: "left alone", attempts }));
  const batch = {
    queue: "mailbox",
    messages: messages.map((queued) => ({
      ...queued,
      id: crypto.randomUUID(),
      timestamp: new Date(),
      ack: () => {
        queued.outcome = "ack";
      },
      retry: () => {
        queued.outcome = "retry";
      },
    })),
    metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
    ackAll: () => undefined,
    retryAll: () => undefined,
  } satisfies MessageBatch;
  await consumeBatch(batch, env, ctx, handlers, park);
  return messages.map(({ outcome }) => outcome);
}

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

describe("a batch of messages", () => {
  it("acknowledges or retries each by itself: one that throws takes nobody along", async () => {
    const bad = changed();
    const handle = vi.fn(async (_: unknown, message: { subject: string }) => {
      if (message.subject === bad.subject) throw new Error("no");
    });
    expect(await consume([changed(), bad, changed()], { "event.changed": handle })).toEqual(["ack", "retry", "ack"]);
    expect(handle).toHaveBeenCalledTimes(3);
  });

  it("keeps for later what it cannot read or does not know yet", async () => {
    const handlers = { "event.changed": async () => undefined };
    const newer = { ...changed(), dataschema: "urn:bilten:event.changed:2" };
    const unknown = { ...changed(), type: "cake.eaten", dataschema: "urn:bilten:cake.eaten:1" };
    const incomplete = { ...changed(), data: {} };
    expect(await consume([newer, unknown, "text", null, incomplete, changed()], handlers)).toEqual([
      "retry",
      "retry",
      "retry",
      "retry",
      "retry",
      "ack",
    ]);
  });

  it("hands over at once what can be done together", async () => {
    const all = vi.fn(async () => undefined);
    expect(await consume([changed(), changed(), changed()], { "event.changed": together(all) })).toEqual(["ack", "ack", "ack"]);
    expect(all).toHaveBeenCalledTimes(1);
  });

  it("does one by one what failed together, so that only the bad one comes again", async () => {
    const bad = changed();
    const all = vi.fn(async (_: unknown, messages: readonly { subject: string }[]) => {
      if (messages.some((message) => message.subject === bad.subject)) throw new Error("no");
    });
    expect(await consume([changed(), bad, changed()], { "event.changed": together(all) })).toEqual(["ack", "retry", "ack"]);
    expect(all).toHaveBeenCalledTimes(4);
  });
});

describe("a last delivery", () => {
  const last = MAX_RETRIES + 1;
  const handlers: MessageHandlers<typeof env> = {
    "event.changed": async (_, { subject }) => {
      if (subject === bad.subject) throw new Error("never");
    },
  };
  const bad = changed();
  const unknown = { ...changed(), type: "constructor", dataschema: "urn:bilten:constructor:1" };

  it("parks what cannot be settled, says why, and only then lets it go", async () => {
    const parked: [unknown, Failure["reason"], number][] = [];
    const park: Park = async (body, { reason }, attempts) => void parked.push([body, reason, attempts]);
    expect(await consume([bad, "text", unknown, changed()], handlers, { attempts: last, park })).toEqual(Array(4).fill("ack"));
    expect(parked).toEqual([
      ["text", "unreadable", last],
      [unknown, "unknown", last],
      [bad, "failed", last],
    ]);
  });

  it("goes on to the dead-letter queue when it cannot be parked, and takes nobody along", async () => {
    const park: Park = async (body) => {
      if (body === bad) throw new Error("no database");
    };
    expect(await consume([bad, "text", changed()], handlers, { attempts: last, park })).toEqual(["retry", "ack", "ack"]);
  });

  it("is not the one before it", async () => {
    expect(await consume([bad, "text"], handlers, { attempts: last - 1 })).toEqual(["retry", "retry"]);
  });
});

it("pauses grow to an hour, and all of them together leave a Worker's bad hour behind", () => {
  const pauses = Array.from({ length: MAX_RETRIES }, (_, index) => delayOf(index + 1));
  expect(pauses.every((pause, index) => index === 0 || pause > (pauses[index - 1] ?? 0))).toBe(true);
  expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeGreaterThan(3_600);
  expect(delayOf(100)).toBeLessThanOrEqual(4_500);
});
