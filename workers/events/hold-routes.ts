import { type Context, Hono } from "hono";
import { HoldDraft } from "../../shared/contracts/holds";
import { PROBLEMS } from "../../shared/contracts/problems";
import { form, NoBody, pathId, unwrap } from "../../shared/http/form";
import { anyoneOrCaller, requireCredential } from "../../shared/http/guards";
import { idempotencyKeyOf } from "../../shared/http/idempotency-key";
import { operation } from "../../shared/http/operation";
import { addressOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import type { Env } from "./environment";
import { holdOperations as operations } from "./hold-operations";
import { changeHold, extendHold, findOwn, isKnownToCaller, placeHold, reacquireHold, readHold, releaseHold } from "./holds";
import { callerOf, type EventsContext, eventIdOf } from "./requests";

/** A hold's route says the same of an event that is not there. */
const holdOf = (c: Context): { eventId: string; holdId: string } => ({
  eventId: pathId(c, "eventId", "hold_not_found"),
  holdId: pathId(c, "holdId", "hold_not_found"),
});

async function refuseUnknownEvent(c: Context): Promise<void> {
  if (!(await isKnownToCaller(c.env, callerOf(c), eventIdOf(c)))) throw new Problem("event_not_found");
}

/** Throws when the hold is not the caller's; one that has ended is the state's to refuse, after the form. */
async function refuseUnknownHold(c: EventsContext): Promise<void> {
  const { eventId, holdId } = holdOf(c);
  const own = await findOwn(c.env, callerOf(c), eventId, holdId);
  if (!own.ok && PROBLEMS[own.error.code].status === 404) throw new Problem(own.error.code);
}

/** A key that cannot be one is a fault of the form: what the caller may not know of comes first. */
async function keyOf(c: Context): Promise<string | null> {
  try {
    return idempotencyKeyOf(c);
  } catch (fault) {
    await refuseUnknownEvent(c);
    throw fault;
  }
}

export const holdRoutes = new Hono<{ Bindings: Env }>()
  .post(
    "/events/:eventId/holds",
    operation(operations.placeHold),
    anyoneOrCaller(),
    form(HoldDraft, refuseUnknownEvent),
    async (c) => {
      const eventId = eventIdOf(c);
      const asked = { eventId, caller: callerOf(c), address: addressOf(c), idempotencyKey: await keyOf(c) };
      return c.json(unwrap(await placeHold(c.env, asked, c.var.form)), 201);
    },
  )
  .get("/events/:eventId/holds/:holdId", operation(operations.getHold), requireCredential(), async (c) => {
    const { eventId, holdId } = holdOf(c);
    return c.json(unwrap(await readHold(c.env, callerOf(c), eventId, holdId)));
  })
  .put(
    "/events/:eventId/holds/:holdId",
    operation(operations.changeHold),
    requireCredential(),
    form(HoldDraft, refuseUnknownHold),
    async (c) => {
      const { eventId, holdId } = holdOf(c);
      unwrap(await findOwn(c.env, callerOf(c), eventId, holdId));
      return c.json(unwrap(await changeHold(c.env, eventId, holdId, c.var.form)), 200);
    },
  )
  .post(
    "/events/:eventId/holds/:holdId/extend",
    operation(operations.extendHold),
    requireCredential(),
    form(NoBody, refuseUnknownHold),
    async (c) => {
      const { eventId, holdId } = holdOf(c);
      return c.json(unwrap(await extendHold(c.env, callerOf(c), eventId, holdId)), 200);
    },
  )
  .post(
    "/events/:eventId/holds/:holdId/reacquire",
    operation(operations.reacquireHold),
    requireCredential(),
    form(NoBody, refuseUnknownHold),
    async (c) => {
      const { eventId, holdId } = holdOf(c);
      return c.json(unwrap(await reacquireHold(c.env, callerOf(c), eventId, holdId)), 200);
    },
  )
  .delete("/events/:eventId/holds/:holdId", operation(operations.releaseHold), requireCredential(), async (c) => {
    const { eventId, holdId } = holdOf(c);
    unwrap(await releaseHold(c.env, callerOf(c), eventId, holdId));
    return c.body(null, 204);
  });
