/** Holds every answer that a test sees to the document that the house publishes (API.md: one that does not match its schema fails). */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { z } from "zod";
import type { Answer } from "./client";

const Operation = z.looseObject({
  operationId: z.string(),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.looseObject({})).optional() })),
});
const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Operation)) });
type Document = z.infer<typeof Document>;

interface Route {
  pattern: RegExp;
  /** Fixed segments count before named ones: `/events/search` is not an event. */
  fixed: number;
  operations: Document["paths"][string];
  pointer: string;
}

export interface Published {
  /** What is wrong with an answer, null when it is as published or no operation of the document. */
  faultOf(method: string, path: string, answer: Omit<Answer, "body">): string | null;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const pointerOf = (...parts: string[]): string =>
  parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** Any operation may meet these without saying so in each place: the gateway and the order of checks answer them. */
const EVERYWHERE = [400, 401, 404, 405, 413, 429, 503];

export function readDocument(document: Document): Published {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  // Its types name the CommonJS shape.
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addFormat("base64", /^[A-Za-z0-9+/]*={0,2}$/);
  ajv.addSchema(document, "published");
  const routes: Route[] = Object.entries(document.paths).map(([path, operations]) => ({
    pattern: new RegExp(
      `^${path
        .split("/")
        .map((part) => (part.startsWith("{") ? "[^/]+" : escaped(part)))
        .join("/")}$`,
    ),
    fixed: path.split("/").filter((part) => !part.startsWith("{")).length,
    operations,
    pointer: pointerOf("paths", path),
  }));
  const validators = new Map<string, ValidateFunction>();
  const validatorAt = (pointer: string): ValidateFunction => {
    const known = validators.get(pointer) ?? ajv.compile({ $ref: `published#${pointer}` });
    validators.set(pointer, known);
    return known;
  };

  return {
    faultOf(method, path, { status, headers, text }) {
      const bare = path.replace(/[?#].*$/, "").replace(/^\/v1(?=\/)/, "");
      const [route] = routes.filter(({ pattern }) => pattern.test(bare)).sort((a, b) => b.fixed - a.fixed);
      const name = method.toLowerCase();
      const operation = route?.operations[name];
      if (!route || !operation) return null;
      const type = (headers.get("content-type") ?? "").replace(/;.*$/, "");
      const response = operation.responses[String(status)];
      if (!response) {
        if (type === "application/problem+json" && EVERYWHERE.includes(status)) return null;
        return `${operation.operationId} does not publish the status ${status}: ${text.slice(0, 500)}`;
      }
      if (status === 304 || text === "") return null;
      if (!response.content?.[type]) return `${operation.operationId} ${status} does not publish the type ${type || "(none)"}`;
      if (!type.endsWith("json")) return null;
      const validate = validatorAt(`${route.pointer}${pointerOf(name, "responses", String(status), "content", type)}/schema`);
      return validate(JSON.parse(text))
        ? null
        : `${operation.operationId} ${status} is not as published: ${ajv.errorsText(validate.errors)}\n${text.slice(0, 1000)}`;
    },
  };
}

const documents = new Map<string, Promise<Published>>();

/** Read once an origin. */
export function publishedBy(origin: string): Promise<Published> {
  const known =
    documents.get(origin) ??
    fetch(`${origin}/openapi.json`).then(async (response) => readDocument(Document.parse(await response.json())));
  documents.set(origin, known);
  return known;
}
