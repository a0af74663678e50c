import { expect, test } from "vitest";
import { readDocument } from "../support/published";

const json = (schema: unknown) => ({ content: { "application/json": { schema } } });
const published = readDocument({
  paths: {
    "/things/{thingId}": {
      get: { operationId: "getThing", responses: { 200: json({ $ref: "#/components/schemas/Thing" }), 304: {} } },
    },
    "/things/search": { get: { operationId: "searchThings", responses: { 200: json({ type: "array" }) } } },
  },
  components: {
    schemas: { Thing: { type: "object", required: ["id"], properties: { id: { type: "string", format: "uuid" } } } },
  },
} as never);

const answer = (status: number, text: string, type = "application/json") => ({
  request: "",
  status,
  text,
  headers: new Headers({ "content-type": type }),
});
const ID = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";

test("an answer as published has no fault", () => {
  expect(published.faultOf("GET", `/v1/things/${ID}?x=1`, answer(200, `{"id":"${ID}"}`))).toBeNull();
  expect(published.faultOf("GET", "/things/search", answer(200, "[]"))).toBeNull();
  expect(published.faultOf("GET", `/things/${ID}`, answer(304, ""))).toBeNull();
  expect(published.faultOf("GET", `/things/${ID}`, answer(404, "{}", "application/problem+json"))).toBeNull();
});

test("another form, status or type is a fault", () => {
  expect(published.faultOf("GET", `/things/${ID}`, answer(200, `{"id":1}`))).toContain("getThing 200 is not as published");
  expect(published.faultOf("GET", `/things/${ID}`, answer(200, `{"id":"no uuid"}`))).toContain("format");
  expect(published.faultOf("GET", "/things/search", answer(200, `{"id":"${ID}"}`))).toContain("searchThings");
  expect(published.faultOf("GET", `/things/${ID}`, answer(202, "{}"))).toContain("does not publish the status 202");
  expect(published.faultOf("GET", `/things/${ID}`, answer(409, "{}", "application/problem+json"))).toContain("409");
  expect(published.faultOf("GET", `/things/${ID}`, answer(200, "<p>", "text/html"))).toContain(
    "does not publish the type text/html",
  );
});
