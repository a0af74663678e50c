/** A file as it comes in: the raw body, or the one file of a form. It is held in memory, and never more than a few at once. */
import { getMultipartBoundary, MultipartParseError, parseMultipart } from "@remix-run/multipart-parser";
import type { Context, MiddlewareHandler } from "hono";
import { ASSET_KINDS, ASSET_TYPES, MAX_UPLOAD_BYTES, UploadFields } from "../../shared/contracts/branding";
import { MAX_BODY_BYTES, readBytes } from "../../shared/http/body";
import { errorsOf } from "../../shared/http/form";
import { documented, refusing } from "../../shared/http/operation";
import { Problem } from "../../shared/http/problem";

/** A form's own words around its file: boundaries, names, the two fields. */
const MAX_FORM_BYTES = 16 * 1024;
const MAX_FIELD_BYTES = 100;
const MAX_PARTS = 10;

/** An isolate has 128 MB, and a file stands in them up to three times while it is looked at. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
let heldBytes = 0;
const held = new WeakMap<Request, number>();

/** Gives back what `readUpload` took, however the request ends. */
export const boundedUploads: MiddlewareHandler = async (c, next) => {
  try {
    await next();
  } finally {
    heldBytes -= held.get(c.req.raw) ?? 0;
    held.delete(c.req.raw);
  }
};

/** What a request with a file may have in all. */
export const maxBytesOf = (c: Context): number => MAX_UPLOAD_BYTES + (isForm(c) ? MAX_FORM_BYTES : 0);

async function readHeld(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  // What announces nothing may become as large as allowed.
  const bytes = Number(request.headers.get("content-length") ?? maxBytes);
  if (heldBytes + bytes > MAX_HELD_BYTES && bytes > MAX_BODY_BYTES)
    throw new Problem("overloaded", { detail: "Other files are coming in", retryAfterSeconds: 2 });
  heldBytes += bytes;
  held.set(request, bytes);
  return readBytes(request, maxBytes);
}

export interface Upload extends UploadFields {
  file: Uint8Array;
}

const uploads = new WeakMap<Request, Promise<Upload>>();

/** Read once, by whoever asks first: the guard has to know the organizer, which a form may name inside. */
export function readUpload(c: Context): Promise<Upload> {
  const known = uploads.get(c.req.raw) ?? read(c);
  uploads.set(c.req.raw, known);
  return known;
}

/** The organizer that the address names, null where only a form can. */
export const organizerOfAddress = (c: Context): string | null => {
  const named = c.req.query("organizerId");
  return named === undefined && isForm(c)
    ? null
    : fieldsOf({ organizerId: named, kind: c.req.query("kind") }, "invalid_query").organizerId;
};

const isForm = (c: Context): boolean => /^multipart\/form-data\s*(;|$)/i.test(c.req.header("content-type") ?? "");

function fieldsOf(fields: object, code: "invalid_query" | "invalid_body"): UploadFields {
  const parsed = UploadFields.safeParse(fields);
  if (!parsed.success) throw new Problem(code, { errors: errorsOf(parsed.error) });
  return parsed.data;
}

async function read(c: Context): Promise<Upload> {
  const named = { organizerId: c.req.query("organizerId"), kind: c.req.query("kind") };
  if (!isForm(c)) return { ...fieldsOf(named, "invalid_query"), file: await readHeld(c.req.raw, maxBytesOf(c)) };
  const form = partsOf(await readHeld(c.req.raw, maxBytesOf(c)), c.req.header("content-type") ?? "");
  const { file, ...inside } = form;
  if (!file) throw invalid("/file", "is missing: the form's one file");
  return {
    ...fieldsOf({ organizerId: named.organizerId ?? inside.organizerId, kind: named.kind ?? inside.kind }, "invalid_body"),
    file,
  };
}

const invalid = (pointer: string, message: string): Problem => new Problem("invalid_body", { errors: [{ pointer, message }] });

function partsOf(body: Uint8Array, contentType: string): { organizerId?: string; kind?: string; file?: Uint8Array } {
  const boundary = getMultipartBoundary(contentType);
  if (!boundary) throw invalid("", "has no boundary");
  const fields: { organizerId?: string; kind?: string; file?: Uint8Array } = {};
  try {
    for (const part of parseMultipart(body, { boundary, maxFileSize: MAX_UPLOAD_BYTES, maxParts: MAX_PARTS })) {
      const name = part.name ?? "";
      if (name !== "file" && name !== "organizerId" && name !== "kind") throw invalid(`/${name}`, "is not a field of this form");
      if (fields[name] !== undefined) throw invalid(`/${name}`, "is there twice");
      if (name === "file") fields.file = part.bytes;
      else if (part.size <= MAX_FIELD_BYTES) fields[name] = part.text;
      else throw invalid(`/${name}`, "is too long");
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof MultipartParseError)
      throw error.name.includes("Size") ? new Problem("payload_too_large") : invalid("", "is no form");
    throw error;
  }
  return fields;
}

const binary = { schema: { type: "string" as const, format: "binary" }, example: "(the file's bytes)" };

/** The document's part of what `readUpload` reads. */
export const uploadBody = documented((_c, next) => next(), {
  parameters: [
    {
      name: "organizerId",
      in: "query",
      required: false,
      description: "Or a field of the form",
      schema: { type: "string", format: "uuid" },
    },
    {
      name: "kind",
      in: "query",
      required: false,
      description: "Or a field of the form",
      schema: { type: "string", enum: [...ASSET_KINDS], default: "image" },
    },
  ],
  requestBody: {
    required: true,
    content: {
      "multipart/form-data": {
        schema: {
          type: "object",
          required: ["file"],
          properties: {
            organizerId: { type: "string", format: "uuid" },
            kind: { type: "string", enum: [...ASSET_KINDS] },
            file: { type: "string", format: "binary" },
          },
        },
        example: { organizerId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f", kind: "logo", file: "(the file's bytes)" },
      },
      ...Object.fromEntries(ASSET_TYPES.map((type) => [type, binary])),
    },
  },
  ...refusing(["invalid_query", "invalid_body", "payload_too_large"]),
});
