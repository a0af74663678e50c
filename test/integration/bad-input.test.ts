/** No input gets a 500, and what is refused is refused as a problem: every operation of the document, with everything wrong in turn. */
import { beforeAll, expect, inject, test } from "vitest";
import { DEMO_PEOPLE } from "../../shared/scripts/seed.ts";
import { type Answer, connect, parse } from "../support/client";
import { Document, exampleOf, HOSTILE_BODIES, HOSTILE_QUERIES, type Operation, spoilt } from "../support/hostile";
import { type Box, openBoxOffice } from "../support/scenes";

const api = connect(inject("origin"));
const NOBODY = "00000000-0000-0000-0000-000000000000";
const AT_ONCE = 8;

interface Target {
  method: string;
  template: string;
  operation: Operation;
}
let targets: Target[];
let box: Box;

beforeAll(async () => {
  const { paths } = parse(Document, await api.get("/openapi.json"), 200);
  targets = Object.entries(paths).flatMap(([template, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), template, operation })),
  );
  box = await openBoxOffice(api);
});

const names = (): Record<string, string> => ({
  eventId: box.event.id,
  organizerId: box.organizer.id,
  ticketTypeId: box.event.ticketTypes[0]?.id ?? NOBODY,
});
const pathOf = ({ template }: Target, change: Record<string, string> = {}): string =>
  template.replace(/\{(\w+)\}/g, (_, name: string) => change[name] ?? names()[name] ?? NOBODY);

/** Ending or deleting the event would leave the other requests nothing to be wrong about. */
const isFinal = ({ method, template }: Target): boolean => method === "DELETE" || /\/(cancel|complete)$/.test(template);
const takesBody = ({ method }: Target): boolean => method === "POST" || method === "PUT";

type Ask = () => Promise<Answer>;

async function askAll(asks: Ask[]): Promise<void> {
  expect(asks.length).toBeGreaterThan(50);
  let next = 0;
  const faults: string[] = [];
  const lane = async () => {
    for (let ask = asks[next++]; ask; ask = asks[next++]) {
      const { request, status, headers, text } = await ask();
      const refusedOtherwise = status >= 400 && !headers.get("content-type")?.startsWith("application/problem+json");
      if (status >= 500 || refusedOtherwise) faults.push(`${request} ${status} ${text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  expect(faults).toEqual([]);
}

test("a body that is no JSON, or none of this operation's", async () => {
  const owner = box.owner.api;
  await askAll(
    targets
      .filter((target) => takesBody(target) && !isFinal(target))
      .flatMap((target) => HOSTILE_BODIES.map((body) => () => owner.send(target.method, pathOf(target), body))),
  );
});

/** Wrong passwords would lock the demo's accounts, which other tests sign in to. */
function withoutDemo(body: unknown): unknown {
  const isDemo = typeof body === "object" && body !== null && "email" in body && body.email === DEMO_PEOPLE.organizer.email;
  return isDemo ? { ...body, email: "nobody@people.example" } : body;
}

test("each field of each example, with each hostile value", async () => {
  const asks: Ask[] = [];
  for (const target of targets.filter((candidate) => takesBody(candidate) && !isFinal(candidate))) {
    const asker = target.operation.security.length === 0 ? api : box.owner.api;
    for (const body of spoilt(exampleOf(target.operation))) {
      // Of the caller's own organizer where the example names one: a 404 or 403 would hide what comes after it.
      const named = typeof body === "object" && body !== null && "organizerId" in body && body.organizerId !== null;
      const own = named ? { ...body, organizerId: box.organizer.id } : withoutDemo(body);
      asks.push(() => asker.send(target.method, pathOf(target), JSON.stringify(own)));
    }
  }
  await askAll(asks);
}, 120_000);

test("path names that cannot exist", async () => {
  await askAll(
    targets
      .filter((target) => target.template.includes("{"))
      .flatMap((target) =>
        ["x", "%00", "%F0%9F%8E%AB", "..%2f..", NOBODY].map((name) => () => {
          const path = target.template.replace(/\{\w+\}/g, name);
          return box.owner.api.send(
            target.method,
            path,
            takesBody(target) ? JSON.stringify(exampleOf(target.operation) ?? {}) : undefined,
          );
        }),
      ),
  );
});

test("each query parameter with each hostile text", async () => {
  await askAll(
    targets.flatMap((target) =>
      target.operation.parameters
        .filter((parameter) => parameter.in === "query")
        .flatMap(({ name }) =>
          HOSTILE_QUERIES.map((text) => () => box.owner.api.get(`${pathOf(target)}?${name}=${encodeURIComponent(text)}`)),
        ),
    ),
  );
});
