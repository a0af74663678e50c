import { Problem } from "./problem";

/** 1 MiB; a route that takes files names its own. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Counts while it reads: a body without a length is cut off at the limit too. */
export async function readBytes(request: Request, maxBytes: number = MAX_BODY_BYTES): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get("content-length");
  // The platform holds a body to the length it announced, so that one call may read it: a reader's steps cost a tenth of a hold.
  if (length === null) return request.body ? readCounted(request.body, maxBytes) : new Uint8Array();
  if (Number(length) > maxBytes) throw new Problem("payload_too_large");
  return new Uint8Array(await request.arrayBuffer());
}

async function readCounted(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > maxBytes) {
      // Left unread, not cancelled: that would end the connection, and with it the answer.
      reader.releaseLock();
      throw new Problem("payload_too_large");
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** A guard that must know what the body names reads it before `form()` does; a stream can be read only once. */
const alreadyRead = new WeakMap<Request, Uint8Array<ArrayBuffer>>();

export async function readBytesOnce(request: Request, maxBytes: number = MAX_BODY_BYTES): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = alreadyRead.get(request) ?? (await readBytes(request, maxBytes));
  alreadyRead.set(request, bytes);
  return bytes;
}

/** Of a body with a length; one without is counted by whoever reads it. */
export function checkAnnouncedSize(request: Request, maxBytes: number): void {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw new Problem("payload_too_large");
}

/** Counts a body that announced no length and that nobody read, and keeps nothing of it. */
export async function countUnread(request: Request, maxBytes: number): Promise<void> {
  if (request.headers.get("content-length") !== null || !request.body || request.bodyUsed) return;
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    length += value.byteLength;
    if (length <= maxBytes) continue;
    reader.releaseLock();
    throw new Problem("payload_too_large");
  }
}

/** The size is refused before the credential (API.md, order of checks): by what is announced, or by counting what is not. */
export async function checkSize(request: Request): Promise<void> {
  const length = request.headers.get("content-length");
  if (length !== null) {
    if (Number(length) > MAX_BODY_BYTES) throw new Problem("payload_too_large");
  } else if (request.method !== "GET" && request.method !== "HEAD" && request.body) {
    await readBytesOnce(request);
  }
}
