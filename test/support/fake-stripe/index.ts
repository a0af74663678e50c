/**
 * A Stripe that can be read: a loopback server with intents, refunds and idempotency keys, which takes only what Stripe's schemas take,
 * tells its webhooks to the house's public route, and fails on demand.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Books, type Intent, StripeFault } from "./books.ts";
import { type Fault, Faults } from "./faults.ts";
import { type Form, readForm, readSchemas } from "./schemas.ts";
import { API_VERSION, Webhooks } from "./webhooks.ts";

export const SECRET_KEY = "sk_test_house";
export const WEBHOOK_SECRET = "whsec_house";
/** What a sandbox takes a second, and what one endpoint takes in live mode. */
const PER_SECOND = 25;
/** Search finds what is older. */
const INDEXED_AFTER_S = 60;
const SLOW_MS = 3_000;

export interface Call {
  endpoint: string;
  atMs: number;
  status: number;
  form: Form;
  key: string | undefined;
}

export interface FakeStripe {
  /** `http://127.0.0.1:<port>`, for STRIPE_API_BASE. */
  origin: string;
  books: Books;
  webhooks: Webhooks;
  calls: Call[];
  fail(endpoint: string, ...faults: Fault[]): void;
  /** The intent of a payment of the house's; there is never a second one. */
  intentOf(paymentId: string): Intent;
  stop(): Promise<void>;
}

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export async function startFakeStripe(): Promise<FakeStripe> {
  const schemas = readSchemas();
  const webhooks = new Webhooks(WEBHOOK_SECRET);
  const books = new Books(schemas, (type, object) => webhooks.tell(type, object));
  const faults = new Faults();
  const calls: Call[] = [];
  const kept = new Map<string, { request: string; answer: Answer }>();

  function answer(endpoint: string, id: string, form: Form, query: URLSearchParams): Answer {
    try {
      return { status: 200, body: work(books, endpoint, id, form, query) };
    } catch (error) {
      if (!(error instanceof StripeFault)) throw error;
      return { status: error.status, body: { error: error.error } };
    }
  }

  function withKey(endpoint: string, id: string, form: Form, key: string | undefined, fault: Fault | undefined): Answer {
    const request = JSON.stringify([endpoint, id, form]);
    const known = key === undefined ? undefined : kept.get(key);
    if (known && known.request !== request)
      return failed(400, {
        type: "idempotency_error",
        message: "Keys for idempotent requests can only be used with the same parameters",
      });
    if (known) return { ...known.answer, headers: { "idempotent-replayed": "true" } };
    const broken = failed(500, { type: "api_error", message: "Something went wrong on Stripe's end" });
    const made = fault === "error_500" ? broken : answer(endpoint, id, form, new URLSearchParams());
    const said = fault === "error_500_after" ? broken : made;
    if (key !== undefined) kept.set(key, { request, answer: structuredClone(said) });
    return said;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const text = await textOf(request);
    const form = readForm(request.method === "GET" ? url.search : text);
    const { endpoint, id } = endpointOf(request.method ?? "GET", url.pathname);
    const key = headerOf(request, "idempotency-key");
    const fault = faults.take(endpoint);
    const call: Call = { endpoint, atMs: Date.now(), status: 0, form, key };
    calls.push(call);
    if (fault === "hang") return;
    const send = ({ status, body, headers }: Answer) => {
      call.status = status;
      response.writeHead(status, { "content-type": "application/json", "request-id": `req_${calls.length}`, ...headers });
      response.end(JSON.stringify(body));
    };
    if (headerOf(request, "authorization") !== `Bearer ${SECRET_KEY}`)
      return send(failed(401, { type: "invalid_request_error", message: "Invalid API Key provided" }));
    if (headerOf(request, "stripe-version") !== API_VERSION)
      return send(failed(400, { type: "invalid_request_error", message: "an unexpected Stripe-Version" }));
    if (fault === "junk") {
      response.writeHead(502, { "content-type": "text/html" });
      response.end("<html>Bad gateway</html>");
      return;
    }
    if (fault === "rate_limited" || isTooMuch(calls, call))
      return send({ ...failed(429, { type: "invalid_request_error", code: "rate_limit" }), headers: { "retry-after": "1" } });
    const wrong = schemas.faultOf(endpoint, form);
    if (wrong !== null) return send(failed(400, { type: "invalid_request_error", code: "parameter_unknown", message: wrong }));
    const said =
      request.method === "POST" ? withKey(endpoint, id, form, key, fault) : answer(endpoint, id, form, url.searchParams);
    if (fault === "hang_after") return;
    if (fault === "slow_after") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    if (fault === "drop_after") {
      request.socket.destroy();
      return;
    }
    send(said);
  }

  const server = createServer((request, response) => void handle(request, response).catch((error) => response.destroy(error)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    books,
    webhooks,
    calls,
    fail: (endpoint, ...more) => faults.add(endpoint, ...more),
    intentOf: (paymentId) => {
      const found = [...books.intents.values()].filter(({ metadata }) => metadata.payment_id === paymentId);
      const [intent] = found;
      if (!intent || found.length > 1) throw new Error(`${found.length} intents of one payment`);
      return intent;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function work(books: Books, endpoint: string, id: string, form: Form, query: URLSearchParams): unknown {
  switch (endpoint) {
    case "POST /v1/payment_intents":
      return books.createIntent(form);
    case "POST /v1/payment_intents/:id/cancel":
      return books.cancel(books.intent(id));
    case "GET /v1/payment_intents/:id":
      return query.get("expand[0]") === "latest_charge" ? books.withCharge(books.intent(id)) : books.intent(id);
    case "GET /v1/payment_intents/search": {
      const paymentId = /^metadata\["payment_id"\]:"([\w-]+)"$/.exec(query.get("query") ?? "")?.[1];
      const isIndexed = ({ created }: Intent) => created <= Date.now() / 1_000 - INDEXED_AFTER_S;
      const found = [...books.intents.values()].filter((one) => one.metadata.payment_id === paymentId && isIndexed(one));
      return { object: "search_result", url: "/v1/payment_intents/search", has_more: false, data: found };
    }
    case "GET /v1/payment_intents": {
      const [from, to] = [Number(query.get("created[gte]")), Number(query.get("created[lte]"))];
      return page(
        [...books.intents.values()].filter(({ created }) => created >= from && created <= to),
        query,
      );
    }
    case "POST /v1/refunds":
      return books.refund(form);
    case "GET /v1/refunds":
      return page(
        [...books.refunds.values()].filter(({ payment_intent }) => payment_intent === query.get("payment_intent")),
        query,
      );
    default:
      throw new StripeFault(404, { type: "invalid_request_error", message: `Unrecognized request URL (${endpoint})` });
  }
}

/** Newest first, as Stripe lists. */
function page(all: { id: string }[], query: URLSearchParams): unknown {
  const newest = all.toReversed();
  const after = newest.findIndex(({ id }) => id === query.get("starting_after"));
  const limit = Number(query.get("limit") ?? 10);
  return {
    object: "list",
    url: "",
    has_more: newest.length > after + 1 + limit,
    data: newest.slice(after + 1, after + 1 + limit),
  };
}

const failed = (status: number, error: Record<string, unknown>): Answer => ({ status, body: { error } });

/** A sandbox's limit, over any second. */
function isTooMuch(calls: readonly Call[], { atMs }: Call): boolean {
  return calls.filter((other) => other.atMs > atMs - 1_000).length > PER_SECOND;
}

function endpointOf(method: string, path: string): { endpoint: string; id: string } {
  const id = /\/((?:pi|re)_\w+)/.exec(path)?.[1] ?? "";
  return { endpoint: `${method} ${id === "" ? path : path.replace(id, ":id")}`, id };
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
};

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
