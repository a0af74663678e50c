/** Bodies, fields and queries that no client should send, made out of the examples that the house publishes. */
import { z } from "zod";

const Parameter = z.looseObject({ name: z.string(), in: z.string() });
const Operation = z.looseObject({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.unknown())),
  parameters: z.array(Parameter).default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ example: z.unknown().optional() })) }).optional(),
});
export const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });
export type Operation = z.infer<typeof Operation>;

/** Ends of types, of alphabets and of patience. */
export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 53,
  "",
  "\u0000abc",
  "\ud800",
  "x".repeat(3000),
  "'; DROP TABLE events;--",
  "<script>alert(1)</script>",
  "\u202Eabc",
  [],
  [null],
  {},
  "9999-99-99T99:99:99Z",
  "ada@bilten.example\r\nBcc: eve@bilten.example",
  "https:example.com",
  "javascript:alert(1)",
];

export const HOSTILE_BODIES: readonly string[] = ["", "{", "[]", "null", "1", '"x"', '{"a":', "\u0000", "[".repeat(50_000)];

export const HOSTILE_QUERIES: readonly string[] = [
  "",
  "x",
  "-1",
  "101",
  "1e9",
  "\u0000",
  "'",
  '"',
  "*",
  "AND OR NOT NEAR(",
  "a".repeat(9_000),
  "91,181",
  "NaN,NaN",
  "%",
  "W10",
];

export const exampleOf = (operation: Operation): unknown => operation.requestBody?.content["application/json"]?.example;

/** The example once for each of its fields and each hostile value, with that value in the field's place. */
export function* spoilt(example: unknown): Generator<unknown> {
  for (const path of fieldsOf(example)) {
    for (const value of HOSTILE_VALUES) yield replaced(example, path, value);
  }
}

function* fieldsOf(value: unknown, path: string[] = []): Generator<string[]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield [...path, name];
    yield* fieldsOf(member, [...path, name]);
  }
}

function replaced(whole: unknown, [name, ...rest]: string[], value: unknown): unknown {
  if (name === undefined) return value;
  if (Array.isArray(whole))
    return whole.map((member, index) => (String(index) === name ? replaced(member, rest, value) : member));
  return Object.fromEntries(
    Object.entries(whole as object).map(([key, member]) => [key, key === name ? replaced(member, rest, value) : member]),
  );
}
