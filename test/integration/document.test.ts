/** The document of the running house: without a fault by the rules in redocly.yaml, and the same that the typed client is written from. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../../shared/scripts/configurations";
import { runTool } from "../../shared/scripts/processes";
import { connect } from "../support/client";

const folder = mkdtempSync(join(tmpdir(), "bilten-document-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function lint(text: string) {
  const file = join(folder, "openapi.json");
  writeFileSync(file, text);
  return runTool("redocly", ["lint", file, "--config", "redocly.yaml", "--format", "stylish"]);
}

test("has no fault, and the linter would tell", async () => {
  const { text } = await connect(inject("origin")).get("/openapi.json");
  const { code, output } = await lint(text);
  expect(code, output).toBe(0);
  expect(output).not.toContain("warning");

  const broken = text
    .replace('"tok_success"', "17")
    .replace('"summary":"Hold tickets for a while"', '"x":""')
    .replace("#/components/schemas/Order", "#/components/schemas/Ordre");
  const told = await lint(broken);
  expect(told.code).toBe(1);
  for (const rule of ["no-invalid-media-type-examples", "operation-summary", "no-unresolved-refs"]) {
    expect(told.output).toContain(rule);
  }
});

test("says of each operation that takes a credential every way in which one is refused", async () => {
  const { body } = await connect(inject("origin")).get("/openapi.json");
  const { paths } = Document.parse(body);
  const refusing = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId, responses }) => ({ operationId, codes: codesOf(responses["401"]) }))
    .filter(({ codes }) => codes.includes("credential_invalid"));
  expect(refusing.length).toBeGreaterThan(100);
  for (const { operationId, codes } of refusing)
    expect(codes, operationId).toEqual(expect.arrayContaining(["credential_expired", "token_stale"]));
});

const Refusal = z.looseObject({
  content: z.record(z.string(), z.looseObject({ examples: z.record(z.string(), z.unknown()).optional() })),
});
const Operation = z.looseObject({ operationId: z.string(), responses: z.record(z.string(), z.unknown()) });
const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

const codesOf = (response: unknown): string[] =>
  response === undefined ? [] : Object.keys(Refusal.parse(response).content["application/problem+json"]?.examples ?? {});

test("is what the typed client was written from", async () => {
  const { body } = await connect(inject("origin")).get("/openapi.json");
  const written = execFileSync(process.execPath, ["--input-type=module", "--eval", PRINT], { cwd: ROOT, encoding: "utf8" });
  expect(JSON.parse(written)).toEqual(body);
});

const PRINT = 'import { writeDocument } from "./shared/scripts/document.ts"; process.stdout.write(await writeDocument());';
