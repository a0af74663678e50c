/** What Stripe's own schemas say of a request; the files stay where they are, and tests that need them skip where they are missing. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { z } from "zod";
import { ROOT } from "../../../shared/scripts/configurations.ts";

export const FOLDER = join(ROOT, "../shared/specs/stripe");

export const hasSpecs = (): boolean => existsSync(FOLDER);
export const NO_SPECS = "Stripe's schemas are not on this machine (../shared/specs/stripe)";

const readSpec = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), "utf8"));

const Params = z.record(
  z.string(),
  z.object({
    params: z.record(z.string(), z.object({ enum: z.array(z.string()).optional(), required: z.boolean().optional() })),
  }),
);

export type Form = { [name: string]: Form | string };

export interface Schemas {
  /** What Stripe would say against the body of this endpoint; null where it has no schema or nothing to say. */
  faultOf(endpoint: string, form: Form): string | null;
  /** An object as Stripe answers it, with every field that it has. */
  resource(name: string): Record<string, unknown>;
}

const SCHEMA_FILES: Record<string, string> = {
  "POST /v1/payment_intents": "schema-PaymentIntentCreate.json",
  "POST /v1/refunds": "schema-RefundCreate.json",
};

export function readSchemas(): Schemas {
  const ajv = new Ajv({ strict: false, coerceTypes: true });
  const validators = new Map<string, ValidateFunction>();
  // The enums of the SDK's types are open; these are not.
  const closed = Params.parse(readSpec("request-params-2026-08.json"));
  const resources = z
    .object({ resources: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse(readSpec("fixtures3.json")).resources;
  for (const [endpoint, file] of Object.entries(SCHEMA_FILES)) validators.set(endpoint, ajv.compile(readSpec(file) as object));

  const faultOf: Schemas["faultOf"] = (endpoint, form) => {
    for (const [path, rule] of Object.entries(closed[endpoint]?.params ?? {})) {
      const value = path
        .split(".")
        .reduce<Form | string | undefined>((at, name) => (typeof at === "object" ? at[name] : undefined), form);
      if (value === undefined && rule.required) return `Missing required param: ${path}.`;
      if (typeof value === "string" && rule.enum && !rule.enum.includes(value))
        return `Invalid ${path}: must be one of ${rule.enum}`;
    }
    const validate = validators.get(endpoint);
    if (!validate || validate(withLists(form))) return null;
    return ajv.errorsText(validate.errors);
  };
  proveThatItRefuses(faultOf);
  return { faultOf, resource: (name) => structuredClone(resources[name] ?? {}) };
}

/** A copy, because coercion writes into what it checks; `types[0]` is a list's. */
function withLists(form: Form | string): unknown {
  if (typeof form === "string") return form;
  const entries = Object.entries(form).map(([name, value]) => [name, withLists(value)] as const);
  const isList = entries.length > 0 && entries.every(([name], index) => name === String(index));
  return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

/** A schema that did not compile to what it says refuses nothing, and nobody would see it. */
function proveThatItRefuses(faultOf: Schemas["faultOf"]): void {
  const good: Form = { amount: "2500", currency: "eur" };
  const known: [string, Form, boolean][] = [
    ["POST /v1/payment_intents", good, true],
    ["POST /v1/payment_intents", { ...good, amount: "25.00 EUR" }, false],
    ["POST /v1/payment_intents", { ...good, buyer: "Greta Guest" }, false],
    ["POST /v1/payment_intents", { amount: "2500" }, false],
    [
      "POST /v1/payment_intents",
      { ...good, automatic_payment_methods: { enabled: "true", allow_redirects: "sometimes" } },
      false,
    ],
    ["POST /v1/refunds", { payment_intent: "pi_1", amount: "100" }, true],
    ["POST /v1/refunds", { payment_intent: "pi_1", reason: "because" }, false],
    ["POST /v1/refunds", { payment_intent: "pi_1", sum: "100" }, false],
  ];
  for (const [endpoint, form, isGood] of known) {
    if ((faultOf(endpoint, form) === null) !== isGood)
      throw new Error(`the schema of ${endpoint} ${isGood ? "refuses" : "takes"} ${JSON.stringify(form)}`);
  }
}

/** `metadata[payment_id]=1` as the SDK writes it. */
export function readForm(text: string): Form {
  const form: Form = {};
  for (const [key, value] of new URLSearchParams(text)) {
    const path = key.split(/\[|\]\[?/).filter((part) => part !== "");
    const last = path.pop() ?? "";
    let at = form;
    for (const name of path) {
      const next = at[name];
      if (typeof next === "object") at = next;
      else at = at[name] = {};
    }
    at[last] = value;
  }
  return form;
}

export const textAt = (form: Form, ...path: string[]): string | undefined => {
  const value = path.reduce<Form | string | undefined>((at, name) => (typeof at === "object" ? at[name] : undefined), form);
  return typeof value === "string" ? value : undefined;
};
