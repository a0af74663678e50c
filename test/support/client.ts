/** What a client of Bilten sends and gets, with nothing hidden: tests name the status and parse the body with its schema. */
import { request } from "node:http";
import type { z } from "zod";
import { publishedBy } from "./published";

export interface Call {
  /** Bearer of this call; `null` sends none where the client has one. */
  token?: string | null;
  idempotencyKey?: string;
  /** Host header, e.g. `demo.localhost`. */
  host?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  /** For messages: `POST /orders`. */
  request: string;
  status: number;
  headers: Headers;
  text: string;
  /** The JSON that `text` is, undefined when it is none. */
  body: unknown;
}

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export interface Client {
  origin: string;
  /** Sends a body as it stands, for tests of what is no JSON. */
  send(method: string, path: string, body: string | Uint8Array | undefined, call?: Call): Promise<Answer>;
  get(path: string, call?: Call): Promise<Answer>;
  post(path: string, body?: unknown, call?: Call): Promise<Answer>;
  put(path: string, body: unknown, call?: Call): Promise<Answer>;
  delete(path: string, call?: Call): Promise<Answer>;
  /** The same origin as somebody else, or at another host. */
  as(call: Call): Client;
}

/** Through node:http, because Node's fetch sends its own Host header whatever it is told. Redirects are answers. */
function exchange(
  url: URL,
  method: string,
  headers: Record<string, string>,
  body?: string | Uint8Array,
): Promise<Omit<Answer, "body">> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url.href, { method, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const answered = new Headers();
        for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
          answered.append(incoming.rawHeaders[at] ?? "", incoming.rawHeaders[at + 1] ?? "");
        }
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ request: `${method} ${url.pathname}`, status: incoming.statusCode ?? 0, headers: answered, text });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** A client of one origin; `defaults` go with each call that does not say otherwise. */
export function connect(origin: string, defaults: Call = {}): Client {
  const send: Client["send"] = async (method, path, body, call = {}) => {
    const { token, idempotencyKey, host, headers } = { ...defaults, ...call };
    const sent = {
      ...(body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(idempotencyKey ? { "idempotency-key": idempotencyKey } : {}),
      ...(host ? { host } : {}),
      ...defaults.headers,
      ...headers,
    };
    const answer = await exchange(new URL(path, origin), method, sent, body);
    const fault = (await publishedBy(origin)).faultOf(method, path, answer);
    if (fault) throw new Error(fault);
    return { ...answer, body: readJson(answer.text) };
  };
  const sendJson = (method: string, path: string, body: unknown, call?: Call) =>
    send(method, path, body === undefined ? undefined : JSON.stringify(body), call);

  return {
    origin,
    send,
    get: (path, call) => sendJson("GET", path, undefined, call),
    post: (path, body, call) => sendJson("POST", path, body, call),
    put: (path, body, call) => sendJson("PUT", path, body, call),
    delete: (path, call) => sendJson("DELETE", path, undefined, call),
    as: (call) => connect(origin, { ...defaults, ...call }),
  };
}

/** The body as its published schema reads it. Throws with the whole answer when the status is another or the form does not fit. */
export function parse<S extends z.ZodType>(
  schema: S,
  answer: Answer,
  status: number | readonly number[] = [200, 201, 202],
): z.output<S> {
  const expected = typeof status === "number" ? [status] : status;
  if (!expected.includes(answer.status)) {
    throw new Error(`${answer.request} answered ${answer.status}, not ${expected.join(" or ")}: ${answer.text.slice(0, 2000)}`);
  }
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) {
    throw new Error(
      `${answer.request} answered a body that its schema refuses: ${parsed.error.message}\n${answer.text.slice(0, 2000)}`,
    );
  }
  return parsed.data;
}
