/** What waits for the sweep, for how long, and what of it has failed already: the sweep's lag, live (rule 23). */
import { z } from "zod";
import type { SweepReport } from "../../shared/contracts/domain";
import { type Lag, lagEntries } from "../../shared/observability/lag";
import type { Env } from "./environment";
import { FREE_ORDER_AFTER_MS } from "./free-orders";
import { GIVEN_UP_AFTER } from "./half-way";
import { rowsOf } from "./order-rows";
import { allDatabases } from "./shards";

/** More than this is counted as this: the page must stay cheap on the day when it is needed. */
const MAX_COUNTED = 10_000;
/** A row of the outbox that has seen a sweep go by. */
const UNSENT_AFTER_MS = 60_000;

interface Source {
  /** In the sweep's report. */
  step: string;
  /** In SQL, `?1` is now. Each stands on an index of its own. */
  from: string;
  since: string;
  failing: string;
}

/** On the wire → where it stands. */
const SOURCES = {
  provider_events: {
    step: "providerEvents",
    from: "provider_events WHERE processed_at_ms IS NULL",
    since: "received_at_ms",
    failing: "attempts > 0",
  },
  provider_event_bodies: {
    step: "archivedEvents",
    from: "provider_events WHERE body IS NOT NULL AND processed_at_ms IS NOT NULL",
    since: "processed_at_ms",
    failing: "next_try_at_ms > ?1",
  },
  free_orders: {
    step: "freeOrders",
    from: `orders WHERE state = 'pending' AND total_minor = 0 AND created_at_ms <= ?1 - ${FREE_ORDER_AFTER_MS}`,
    since: "created_at_ms",
    failing: "attempts > 0",
  },
  expired_orders: {
    step: "expiredOrders",
    from: `(SELECT expires_at_ms, attempts FROM orders
        WHERE state = 'pending' AND total_minor > 0 AND max(expires_at_ms, next_try_at_ms) <= ?1
      UNION ALL SELECT expires_at_ms, attempts FROM orders
        WHERE state = 'pending' AND attempts > 0 AND expires_at_ms <= ?1 AND next_try_at_ms > ?1 AND total_minor > 0)`,
    since: "expires_at_ms",
    failing: "attempts > 0",
  },
  /** A provider that takes its time keeps nobody waiting; one that nobody has heard, or that is due to be asked, does. */
  payments: {
    step: "payments",
    from: `payments WHERE state IN ('initiated', 'requires_action', 'processing')
      AND (next_try_at_ms <= ?1 OR (state = 'initiated' AND attempts > 0))`,
    since: "iif(state = 'initiated', created_at_ms, next_try_at_ms)",
    failing: `(state = 'initiated' AND attempts > 0) OR attempts >= ${GIVEN_UP_AFTER}`,
  },
  refunds: {
    step: "refunds",
    from: "refunds WHERE state IN ('pending', 'failed')",
    since: "created_at_ms",
    failing: "state = 'failed'",
  },
  /** Cancelled events whose buyers are not all paid back yet. */
  event_refunds: {
    step: "eventRefunds",
    from: "event_refunds WHERE finished_at_ms IS NULL",
    since: "created_at_ms",
    failing: "left_behind > 0",
  },
  outbox: {
    step: "outbox",
    from: "outbox",
    since: "created_at_ms",
    failing: `created_at_ms <= ?1 - ${UNSENT_AFTER_MS}`,
  },
} as const satisfies Record<string, Source>;

type What = keyof typeof SOURCES;
const WHATS = Object.keys(SOURCES) as [What, ...What[]];

export const Backlog = z.object({
  data: z.array(
    z.object({
      what: z.enum(WHATS),
      waiting: z.int().min(0).describe(`What a sweep has still to do; counted up to ${MAX_COUNTED} a shard`),
      oldestAgeSeconds: z.int().min(0),
      failing: z.int().min(0).describe("Of those that wait, how many were tried and failed"),
    }),
  ),
});

export type Backlog = z.infer<typeof Backlog>;

interface Counted {
  waiting: number;
  since: number | null;
  failing: number;
}

const count = (db: D1Database, { from, since, failing }: Source, nowMs: number): D1PreparedStatement =>
  db
    .prepare(
      `SELECT count(*) AS waiting, min(since) AS since, coalesce(sum(failing), 0) AS failing
       FROM (SELECT ${since} AS since, (${failing}) AS failing, ?1 AS now FROM ${from} LIMIT ${MAX_COUNTED})`,
    )
    .bind(nowMs);

/** One round trip a shard. */
async function readLags(env: Env, nowMs: number): Promise<Record<What, Required<Lag>>> {
  const shards = await Promise.all(allDatabases(env).map((db) => db.batch(WHATS.map((what) => count(db, SOURCES[what], nowMs)))));
  const lagOf = (index: number): Required<Lag> => {
    const counts = shards.flatMap((results) => rowsOf<Counted>(results[index]));
    return {
      waiting: counts.reduce((sum, { waiting }) => sum + waiting, 0),
      oldestMs: Math.max(0, ...counts.map(({ since }) => nowMs - (since ?? nowMs))),
      failing: counts.reduce((sum, { failing }) => sum + failing, 0),
    };
  };
  return Object.fromEntries(WHATS.map((what, index) => [what, lagOf(index)])) as Record<What, Required<Lag>>;
}

/** `outboxWaiting`, `outboxOldestMs`, `outboxFailing`, and so for each of the sweep's steps. */
export async function reportLag(env: Env): Promise<SweepReport> {
  const lags = await readLags(env, Date.now());
  return Object.assign({}, ...WHATS.map((what) => lagEntries(SOURCES[what].step, lags[what])));
}

/** `GET /payments/backlog`. */
export async function showBacklog(env: Env): Promise<Backlog> {
  const lags = await readLags(env, Date.now());
  return {
    data: WHATS.map((what) => {
      const { waiting, oldestMs, failing } = lags[what];
      return { what, waiting, oldestAgeSeconds: Math.floor(oldestMs / 1_000), failing };
    }),
  };
}
