/** A client that never gives up, and remembers what it was told: whatever is answered to it must still be so afterwards. */
import { pause } from "./chaos-house.ts";

export const OPERATIONS = [
  "hold",
  "order",
  "pay",
  "settle",
  "cancel",
  "cancel_event",
  "refund",
  "check_in",
  "order_read",
  "tickets_read",
] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Acknowledgement {
  /** The sale's number in the plan; -1 for what the organizer does by himself. */
  sale: number;
  operation: Operation;
  path: string;
  key: string | null;
  status: number;
  body: unknown;
}

export interface Request {
  sale: number;
  operation: Operation;
  method: "GET" | "POST";
  path: string;
  body?: unknown;
  token?: string | undefined;
  key?: string;
}

const ANSWER_WITHIN_MS = 15_000;
const GIVE_UP_AFTER_MS = 90_000;
const FIRST_PAUSE_MS = 40;
const LONGEST_PAUSE_MS = 1_000;

interface Answer {
  status: number;
  body: unknown;
}

/** What says nothing about what became of the request. */
const isDefinite = ({ status, body }: Answer): boolean =>
  status > 0 && status < 500 && status !== 429 && !(status === 409 && codeOf(body) === "request_in_progress");

export const codeOf = (body: unknown): string | undefined =>
  typeof body === "object" && body !== null && "code" in body ? String(body.code) : undefined;

export class Clients {
  readonly acknowledged: Acknowledgement[] = [];
  requests = 0;
  retries = 0;
  readonly #gateway: string;

  constructor(gateway: string) {
    this.#gateway = gateway;
  }

  /** Asks until the answer is a definite one, always with the same key. */
  async ask(request: Request): Promise<Answer> {
    const { sale, operation, method, path, key = null } = request;
    const deadlineMs = Date.now() + GIVE_UP_AFTER_MS;
    for (let tries = 0; ; tries++) {
      this.requests++;
      const answer = await this.#exchange(request);
      if (isDefinite(answer)) {
        this.acknowledged.push({ sale, operation, path, key, ...answer });
        return answer;
      }
      if (Date.now() > deadlineMs)
        throw new Error(`sale ${sale}: ${method} ${path} has no definite answer: ${JSON.stringify(answer)}`);
      this.retries++;
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2));
    }
  }

  async #exchange({ method, path, body, token, key }: Request): Promise<Answer> {
    try {
      const response = await fetch(`${this.#gateway}/v1${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(key ? { "idempotency-key": key } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const text = await response.text();
      return { status: response.status, body: readJson(text) };
    } catch {
      // Refused, cut off or silent: nobody knows what became of it.
      return { status: 0, body: null };
    }
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
