import { describe, expect, it } from "vitest";
import { Envelope, schemaOf } from "../../shared/contracts/messages";
import { envelope } from "../../shared/queue/envelope";

const eventId = crypto.randomUUID();
const data = { eventId, organizerId: crypto.randomUUID() };
const about = { type: "event.changed", subject: eventId, version: 7, data, nowMs: 1_800_000_000_000 } as const;
const stock = (types: number) =>
  envelope("/events", {
    type: "inventory.availability_changed",
    subject: `${eventId}/availability`,
    version: 1,
    nowMs: 0,
    data: {
      ...data,
      ticketTypes: Array.from({ length: types }, () => ({ ticketTypeId: crypto.randomUUID(), available: 1, sold: 1 })),
      asOfMs: 0,
    },
  });

describe("an envelope", () => {
  /** CloudEvents 1.0, sections 2 and 3: names, required attributes, and what each must be. */
  it("has the attributes of a CloudEvent, whose extensions are named as the specification wants", () => {
    const message: Record<string, unknown> = envelope("/events", { ...about, traceparent: "00-1-1-00" });
    const { data: said, ...attributes } = message;
    expect(said).toEqual(data);
    for (const [name, value] of Object.entries(attributes)) {
      expect(name).toMatch(/^[a-z0-9]{1,20}$/);
      expect(["string", "number"]).toContain(typeof value);
      expect(value).not.toBe("");
    }
    expect(message).toMatchObject({ specversion: "1.0", source: "/events", subject: eventId, type: "event.changed", version: 7 });
    expect(message.time).toBe("2027-01-15T08:00:00.000Z");
    expect(new URL(String(message.dataschema)).protocol).toBe("urn:");
    expect(Envelope.parse(message)).toEqual(message);
  });

  it("is a new one each time, and is told apart by its id", () => {
    expect(envelope("/events", about).id).not.toBe(envelope("/events", about).id);
  });

  it("is not made of what its readers could not read", () => {
    expect(() => envelope("/events", { ...about, data: { ...data, eventId: "nonsense" } })).toThrow();
  });

  it("is refused while nothing is committed when no queue would take it", () => {
    expect(new TextEncoder().encode(JSON.stringify(stock(100))).byteLength).toBeLessThan(20_000);
    expect(() => stock(2_000)).toThrow(/a queue takes/);
  });
});

it.each(["id", "source", "type", "subject"])("nobody takes an envelope without %s", (attribute) => {
  expect(Envelope.safeParse({ ...envelope("/events", about), [attribute]: "" }).success).toBe(false);
});

it("a form is named by type and version", () => {
  expect(schemaOf("order.paid")).toBe("urn:bilten:order.paid:1");
});
