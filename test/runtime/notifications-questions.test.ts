/** What a dispatch reckons with for each kind of mail is what that kind asks: an invocation makes at most 25 calls of siblings. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { owe } from "../../workers/notifications/deliveries";
import { dispatchDue, KINDS } from "../../workers/notifications/dispatch";
import type { Env } from "../../workers/notifications/environment";
import type { DeliveryType } from "../../workers/notifications/schema";
import { ctx, event, house, refund } from "../support/notifications-room";

beforeEach(() => applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications));
afterEach(() => reset());

const SIBLINGS = ["AUTH", "BRANDING", "EVENTS", "PAYMENTS", "USERS"] as const satisfies (keyof Env)[];

/** The same siblings, and what was asked of them. */
function listenTo(here: Env): { here: Env; asked: string[] } {
  const asked: string[] = [];
  const listening = Object.fromEntries(
    SIBLINGS.map((name) => [
      name,
      new Proxy(here[name], {
        get(target, method) {
          const value: unknown = Reflect.get(target, method);
          if (typeof value !== "function") return value;
          return (...values: unknown[]) => {
            asked.push(`${name}.${String(method)}`);
            return Reflect.apply(value, target, values);
          };
        },
      }),
    ]),
  );
  return { here: { ...here, ...listening }, asked };
}

const sourceIdOf: Partial<Record<DeliveryType, (id: string) => string>> = {
  waitlist_mail: (id) => `${event.id}/${id}/joined`,
  seat_change: (id) => `${id}/1`,
  event_move: (id) => `${id}/1`,
};

it.each(Object.entries(KINDS) as [DeliveryType, (typeof KINDS)[DeliveryType]][])(
  "however many are due, %s asks as often as its figure says",
  async (type, { questions }) => {
    const { here, asked } = listenTo(
      house({
        EVENTS: { events: async () => [{ ...event, status: type === "event_cancellation" ? "cancelled" : "published" }] },
        PAYMENTS: { refunds: async (ids) => ids.map((id) => refund(id, { ticketIds: [crypto.randomUUID()] })) },
      }).here,
    );
    const ids = [1, 2, 3].map(() => crypto.randomUUID());
    await owe(here.DB, type, ids.map(sourceIdOf[type] ?? ((id) => id)), Date.now());
    await dispatchDue(here, ctx);
    expect(asked, asked.join(", ")).toHaveLength(questions);
  },
);
