/** Somebody signed in as a browser is: by a cookie that he keeps, and the token beside it. */
import { CookieSession } from "../../shared/contracts/cookie-session";
import { CSRF_HEADER, SESSION_COOKIE, SESSION_HEADER } from "../../shared/contracts/session-cookie";
import { type Answer, type Client, parse } from "./client";
import { PASSWORD } from "./scenes";

export interface BrowserSession extends CookieSession {
  /** As the browser sends it: the name and the value. */
  cookie: string;
  /** `Set-Cookie`, whole. */
  set: string;
  /** Sends cookie, origin and token. */
  api: Client;
  /** Sends the cookie alone, as a page that knows no token makes a browser do. */
  bare: Client;
}

/** What asks for a cookie; `host` is an organizer's. */
export const cookieAsked = (api: Client, host?: string) => ({
  headers: { [SESSION_HEADER]: "cookie", origin: originOf(api, host) },
  ...(host ? { host } : {}),
});
export const originOf = (api: Client, host?: string): string => (host ? `http://${host}` : api.origin);

/** The answer that set a cookie, as whoever got it. */
export function sessionOf(api: Client, answer: Answer, host?: string): BrowserSession {
  const session = parse(CookieSession, answer, 200);
  const [set, ...others] = answer.headers.getSetCookie();
  if (!set?.startsWith(`${SESSION_COOKIE}=bs_`) || others.length > 0)
    throw new Error(`${answer.request} set ${set ?? "no cookie"}`);
  const [cookie = ""] = set.split(";");
  const where = host ? { host } : {};
  const withToken = { cookie, origin: originOf(api, host), [CSRF_HEADER]: session.csrfToken };
  return {
    ...session,
    cookie,
    set,
    api: api.as({ ...where, headers: withToken }),
    bare: api.as({ ...where, headers: { cookie } }),
  };
}

export const signInByCookie = async (api: Client, email: string, host?: string): Promise<BrowserSession> =>
  sessionOf(api, await api.post("/auth/login", { email, password: PASSWORD }, cookieAsked(api, host)), host);
