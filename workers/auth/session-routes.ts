import { Hono } from "hono";
import { pathId, query, unwrap } from "../../shared/http/form";
import { requireUser } from "../../shared/http/guards";
import { ListQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { NO_STORE, signedInOf } from "./callers";
import { cookieInHand } from "./cookie-answers";
import { currentSession } from "./cookie-sessions";
import { listSecurityEvents } from "./security-events";
import { endOtherSessions, endSession, listSessions } from "./session-list";
import { operations } from "./session-operations";

export const sessionRoutes = new Hono<{ Bindings: AuthEnv }>()
  .get("/auth/session", operation(operations.getSession), requireUser({ organizerHost: "allowed" }), async (c) =>
    c.json(unwrap(await currentSession(c.env, { ...signedInOf(c), cookie: cookieInHand(c) }, Date.now())), 200, NO_STORE),
  )
  .get("/auth/sessions", operation(operations.listSessions), requireUser(), query(ListQuery), async (c) =>
    c.json(await listSessions(c.env, signedInOf(c), c.var.query, Date.now()), 200, NO_STORE),
  )
  .get("/auth/security-events", operation(operations.listSecurityEvents), requireUser(), query(ListQuery), async (c) =>
    c.json(await listSecurityEvents(c.env, signedInOf(c).userId, c.var.query), 200, NO_STORE),
  )
  .delete("/auth/sessions", operation(operations.endOtherSessions), requireUser(), async (c) => {
    await endOtherSessions(c.env, c.executionCtx, signedInOf(c), Date.now());
    return c.body(null, 204);
  })
  .delete("/auth/sessions/:sessionId", operation(operations.endSession), requireUser(), async (c) => {
    const sessionId = pathId(c, "sessionId", "session_not_found");
    unwrap(await endSession(c.env, c.executionCtx, signedInOf(c).userId, sessionId, Date.now()));
    return c.body(null, 204);
  });
