import { type Context, Hono } from "hono";
import { PoolChange, PoolDraft, PoolMove } from "../../shared/contracts/pools";
import { etagOfVersion } from "../../shared/http/etag";
import { form, pathId, unwrap } from "../../shared/http/form";
import { operation } from "../../shared/http/operation";
import { Problem } from "../../shared/http/problem";
import type { Env } from "./environment";
import { requireMember } from "./members";
import { poolOperations as operations } from "./pool-operations";
import { poolsOf } from "./pool-plans";
import { addPool, type ChangedPool, changePool, findPool, movePool, readPools, removePool } from "./pools";
import { type EventsContext, eventIdOf, ifMatch, laterOf } from "./requests";
import { loadEvent } from "./stored-event";

const poolIdOf = (c: Context): string => pathId(c, "poolId", "pool_not_found");

const answerPool = (c: Context, { pool, version }: ChangedPool, status: 200 | 201 = 200) =>
  c.json(pool, status, { etag: etagOfVersion(version) });

/** A pool that is not there comes before what is wrong with its new form. */
async function refuseUnknownPool(c: EventsContext): Promise<void> {
  const stored = await loadEvent(c.env, eventIdOf(c));
  if (!stored || !findPool(stored, poolIdOf(c)).ok) throw new Problem("pool_not_found");
}

/** The same where the event's and the types' own pools count too. */
async function refuseUnknownSource(c: EventsContext): Promise<void> {
  const stored = await loadEvent(c.env, eventIdOf(c));
  const poolId = poolIdOf(c);
  if (!stored || !poolsOf(stored).some(({ id }) => id === poolId)) throw new Problem("pool_not_found");
}

export const poolRoutes = new Hono<{ Bindings: Env }>()
  .get("/events/:eventId/pools", operation(operations.listPools), requireMember("events:read"), async (c) =>
    c.json({ data: unwrap(await readPools(c.env, eventIdOf(c))), nextCursor: null }),
  )
  .post("/events/:eventId/pools", operation(operations.createPool), requireMember("events:write"), form(PoolDraft), async (c) =>
    answerPool(c, unwrap(await addPool(c.env, laterOf(c), eventIdOf(c), c.var.form)), 201),
  )
  .put(
    "/events/:eventId/pools/:poolId",
    operation(operations.updatePool),
    requireMember("events:write"),
    form(PoolChange, refuseUnknownPool),
    async (c) => answerPool(c, unwrap(await changePool(c.env, laterOf(c), eventIdOf(c), poolIdOf(c), c.var.form, ifMatch(c)))),
  )
  .delete("/events/:eventId/pools/:poolId", operation(operations.deletePool), requireMember("events:write"), async (c) => {
    unwrap(await removePool(c.env, laterOf(c), eventIdOf(c), poolIdOf(c), ifMatch(c)));
    return c.body(null, 204);
  })
  .post(
    "/events/:eventId/pools/:poolId/move",
    operation(operations.movePool),
    requireMember("events:write"),
    form(PoolMove, refuseUnknownSource),
    async (c) => answerPool(c, unwrap(await movePool(c.env, laterOf(c), eventIdOf(c), poolIdOf(c), c.var.form))),
  );
