/** How auth's routes are asked for a cookie, and set one. */
import type { Context, MiddlewareHandler } from "hono";
import type { LoginAnswer } from "../../shared/contracts/accounts";
import { SESSION_HEADER, SESSION_KINDS } from "../../shared/contracts/session-cookie";
import { documented, refusing } from "../../shared/http/operation";
import { principalOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import { isSameOrigin, sessionCookie, sessionSecretOf } from "../../shared/http/session-cookie";
import { NO_STORE } from "./callers";
import type { CookieAsked, CookieGrant } from "./cookie-sessions";

const HEADER = {
  name: SESSION_HEADER,
  in: "header" as const,
  required: false,
  description:
    "`cookie` for a page of this origin: the answer sets the session as a cookie that no script can read, and brings no tokens. `Origin` must be the origin that is asked, or the answer is 403 `csrf_failed`.",
  schema: { type: "string" as const, enum: [...SESSION_KINDS] },
};

/**
 * Stands after the guard of a route that signs somebody in: whether by cookie, which only a page of ours may ask for, or another page
 * could sign its visitor in as somebody else.
 */
export function sessionAsked(): MiddlewareHandler<{ Variables: { cookie: CookieAsked | undefined } }> {
  const handler: MiddlewareHandler<{ Variables: { cookie: CookieAsked | undefined } }> = async (c, next) => {
    const kind = c.req.header(SESSION_HEADER);
    if (kind !== undefined && kind !== "cookie") throw new Problem("invalid_session_kind");
    if (kind !== undefined && !isSameOrigin(c.req.raw)) throw new Problem("csrf_failed");
    c.set("cookie", kind === undefined ? undefined : { inHand: sessionSecretOf(c.req.raw) ?? null });
    await next();
  };
  return documented(handler as MiddlewareHandler, {
    parameters: [HEADER],
    ...refusing(["invalid_session_kind", "csrf_failed"]),
  }) as MiddlewareHandler<{ Variables: { cookie: CookieAsked | undefined } }>;
}

/** Tokens as they are; a cookie beside what its page needs to know. */
export function answerSession(c: Context, answer: LoginAnswer | CookieGrant): Response {
  if (!("secret" in answer)) return c.json(answer, 200, NO_STORE);
  return c.json(answer.session, 200, { ...NO_STORE, "set-cookie": sessionCookie(answer.secret, answer.maxAgeSeconds) });
}

/** The secret by which somebody signed in asks; undefined where a token does. */
export const cookieInHand = (c: Context): string | undefined => {
  const principal = principalOf(c);
  return principal.kind === "user" && principal.cookie ? (sessionSecretOf(c.req.raw) ?? undefined) : undefined;
};
