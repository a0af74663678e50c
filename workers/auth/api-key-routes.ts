import { type Context, Hono } from "hono";
import { form, pathId, query, unwrap } from "../../shared/http/form";
import { requireUser } from "../../shared/http/guards";
import { ListQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { operations } from "./api-key-operations";
import { ApiKeyDraft, ApiKeyRotation, createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from "./api-keys";
import { NO_STORE, signedInOf } from "./callers";

const keyIdOf = (c: Context): string => pathId(c, "keyId", "api_key_not_found");

export const apiKeyRoutes = new Hono<{ Bindings: AuthEnv }>()
  .post("/auth/api-keys", operation(operations.createApiKey), requireUser({ stepUp: true }), form(ApiKeyDraft), async (c) =>
    c.json(unwrap(await createApiKey(c.env, c.executionCtx, signedInOf(c), c.var.form, Date.now())), 201, NO_STORE),
  )
  .get("/auth/api-keys", operation(operations.listApiKeys), requireUser(), query(ListQuery), async (c) =>
    c.json(await listApiKeys(c.env, signedInOf(c).userId, c.var.query, Date.now()), 200, NO_STORE),
  )
  .delete("/auth/api-keys/:keyId", operation(operations.revokeApiKey), requireUser(), async (c) => {
    unwrap(await revokeApiKey(c.env, signedInOf(c).userId, keyIdOf(c), Date.now()));
    return c.body(null, 204);
  })
  .post(
    "/auth/api-keys/:keyId/rotate",
    operation(operations.rotateApiKey),
    requireUser({ stepUp: true }),
    form(ApiKeyRotation),
    async (c) =>
      c.json(
        unwrap(await rotateApiKey(c.env, c.executionCtx, signedInOf(c), keyIdOf(c), c.var.form ?? {}, Date.now())),
        201,
        NO_STORE,
      ),
  );
