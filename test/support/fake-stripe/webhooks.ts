/** What the double tells of itself: events signed by the SDK's own helper, posted to the public route, or kept for a test to post. */
import { randomBytes } from "node:crypto";
import Stripe from "stripe";
import type { Intent, Refund } from "./books.ts";

export const API_VERSION = "2026-10-28.endive";

export interface Told {
  id: string;
  type: string;
  /** The body, the same each time that it is sent. */
  payload: string;
}

export class Webhooks {
  readonly told: Told[] = [];
  /** False: events are only written down, until a test posts them, in whatever order and as often as it likes. */
  speaks = true;
  readonly #secret: string;
  readonly #posts = new Set<Promise<number>>();
  url: string | null = null;

  constructor(secret: string) {
    this.#secret = secret;
  }

  tell(type: string, object: Intent | Refund): void {
    const event: Told = { id: `evt_${randomBytes(12).toString("hex")}`, type, payload: "" };
    event.payload = JSON.stringify({
      id: event.id,
      object: "event",
      api_version: API_VERSION,
      created: Math.floor(Date.now() / 1_000),
      data: { object: structuredClone(object) },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type,
    });
    this.told.push(event);
    if (!this.speaks || this.url === null) return;
    const post = this.post(event).catch(() => 0);
    this.#posts.add(post);
    void post.finally(() => this.#posts.delete(post));
  }

  /** The status that the house answered. */
  async post({ payload }: Told, secret = this.#secret): Promise<number> {
    if (this.url === null) throw new Error("nobody has said where webhooks go");
    const signature = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret });
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json", "stripe-signature": signature },
      body: payload,
    });
    await response.body?.cancel();
    return response.status;
  }

  /** The events about one object, oldest first. */
  about(objectId: string): Told[] {
    return this.told.filter(({ payload }) => payload.includes(`"${objectId}"`));
  }

  async idle(): Promise<void> {
    await Promise.all(this.#posts);
  }
}
