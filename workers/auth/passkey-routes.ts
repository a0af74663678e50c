import { type Context, Hono } from "hono";
import { sha256 } from "../../shared/crypto/bytes";
import { checkIfMatch } from "../../shared/http/etag";
import { form, NoBody, pathId, unwrap } from "../../shared/http/form";
import { anyone, requireUser } from "../../shared/http/guards";
import { operation } from "../../shared/http/operation";
import { Problem } from "../../shared/http/problem";
import { ACCOUNT_TAKES, audienceOf, NO_STORE, signedInOf } from "./callers";
import { answerSession, sessionAsked } from "./cookie-answers";
import { type Passkey, PasskeyChange, PasskeyDraft, PasskeyLogin } from "./passkey-forms";
import { askAnyPasskey, logInByPasskey } from "./passkey-login";
import { operations } from "./passkey-operations";
import { addPasskey, invitePasskey, listPasskeys, removePasskey, renamePasskey } from "./passkeys";

type AuthContext = Context<{ Bindings: AuthEnv }>;
const passkeyIdOf = (c: Context): string => pathId(c, "passkeyId", "passkey_not_found");

async function passkeyAsked(c: Context, env: AuthEnv): Promise<Passkey> {
  const mine = await listPasskeys(env, signedInOf(c).userId);
  const asked = mine.find(({ id }) => id === passkeyIdOf(c));
  if (!asked) throw new Problem("passkey_not_found");
  return asked;
}

/** A passkey that is not there comes before what is wrong with its new name. */
const refuseUnknownPasskey = async (c: AuthContext): Promise<void> => void (await passkeyAsked(c, c.env));

const etagOfName = async (name: string): Promise<string> => `"${await sha256(name)}"`;

/** The name that `If-Match` insists on, null when the caller takes any. */
async function matchedName(c: Context, env: AuthEnv): Promise<string | null> {
  if ((c.req.header("if-match") ?? "*").trim() === "*") return null;
  const { name } = await passkeyAsked(c, env);
  checkIfMatch(c, await etagOfName(name));
  return name;
}

export const passkeyRoutes = new Hono<{ Bindings: AuthEnv }>()
  .post("/auth/passkeys/login/options", operation(operations.askAnyPasskey), anyone(ACCOUNT_TAKES), form(NoBody), async (c) =>
    c.json(await askAnyPasskey(c.env, Date.now()), 200, NO_STORE),
  )
  .post(
    "/auth/passkeys/login",
    operation(operations.logInByPasskey),
    anyone(ACCOUNT_TAKES),
    sessionAsked(),
    form(PasskeyLogin),
    async (c) => {
      const audience = { ...audienceOf(c, c.env.ISSUER), cookie: c.var.cookie };
      return answerSession(c, unwrap(await logInByPasskey(c.env, c.executionCtx, c.var.form.credential, audience, Date.now())));
    },
  )
  .post("/auth/passkeys/options", operation(operations.invitePasskey), requireUser({ stepUp: true }), form(NoBody), async (c) =>
    c.json(unwrap(await invitePasskey(c.env, signedInOf(c).userId, Date.now())), 200, NO_STORE),
  )
  .post("/auth/passkeys", operation(operations.addPasskey), requireUser({ stepUp: true }), form(PasskeyDraft), async (c) =>
    c.json(unwrap(await addPasskey(c.env, c.executionCtx, signedInOf(c), c.var.form, Date.now())), 201, NO_STORE),
  )
  .get("/auth/passkeys", operation(operations.listPasskeys), requireUser(), async (c) =>
    c.json({ data: await listPasskeys(c.env, signedInOf(c).userId), nextCursor: null }, 200, NO_STORE),
  )
  .put(
    "/auth/passkeys/:passkeyId",
    operation(operations.renamePasskey),
    requireUser(),
    form(PasskeyChange, refuseUnknownPasskey),
    async (c) => {
      const { name } = c.var.form;
      const renamed = await renamePasskey(c.env, signedInOf(c).userId, passkeyIdOf(c), name, await matchedName(c, c.env));
      return c.json(unwrap(renamed), 200, { etag: await etagOfName(name), ...NO_STORE });
    },
  )
  .delete("/auth/passkeys/:passkeyId", operation(operations.removePasskey), requireUser({ stepUp: true }), async (c) => {
    unwrap(await removePasskey(c.env, c.executionCtx, signedInOf(c), passkeyIdOf(c), Date.now()));
    return c.body(null, 204);
  });
