/** A browser without a screen: keeps cookies by path, follows nothing by itself, and sends the forms that a page shows. */
import type { Answer, Client } from "./client";

interface Cookie {
  path: string;
  value: string;
}

export interface Form {
  action: string;
  fields: Record<string, string>;
}

const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
const unescaped = (text: string): string => text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
  return found === undefined ? undefined : unescaped(found);
};

/** What stands in the form that posts to this address, as it would be sent. */
export function formOf({ text }: Answer, action: RegExp): Form {
  const form = text.match(/<form[^>]*>[\s\S]*?<\/form>/g)?.find((one) => action.test(attribute(one, "action") ?? ""));
  if (!form) throw new Error(`no form posts to ${action}: ${text.slice(0, 2000)}`);
  const fields: Record<string, string> = {};
  for (const tag of form.match(/<(?:input|select)[^>]*>/g) ?? []) {
    const name = attribute(tag, "name");
    if (name !== undefined) fields[name] = attribute(tag, "value") ?? "0";
  }
  return { action: attribute(form, "action") ?? "", fields };
}

export interface Reader {
  cookies: Map<string, Cookie>;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(form: Form, changed?: Record<string, string>, headers?: Record<string, string>): Promise<Answer>;
  /** Where an answer leads. */
  follow(answer: Answer): Promise<Answer>;
}

export function readerOf(api: Client, host: string, language = "en"): Reader {
  const cookies = new Map<string, Cookie>();
  const origin = `http://${host}:${new URL(api.origin).port}`;
  const fits = (path: string, scope: string) => path === scope || path.startsWith(scope.endsWith("/") ? scope : `${scope}/`);

  async function ask(method: string, path: string, body: string | undefined, headers: Record<string, string>): Promise<Answer> {
    const { pathname } = new URL(path, origin);
    const sent = [...cookies]
      .filter(([, { path: scope }]) => fits(pathname, scope))
      .map(([key, { value }]) => `${key.split(" ")[0]}=${value}`);
    const answer = await api.send(method, path, body, {
      host: new URL(origin).host,
      headers: { "accept-language": language, ...(sent.length > 0 ? { cookie: sent.join("; ") } : {}), ...headers },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split("; ");
      const scope = attributes.find((one) => one.startsWith("Path="))?.slice(5) ?? "/";
      cookies.set(`${pair.split("=")[0]} ${scope}`, { path: scope, value: pair.slice(pair.indexOf("=") + 1) });
    }
    return answer;
  }
  const get: Reader["get"] = (path, headers = {}) => ask("GET", path, undefined, { accept: "text/html", ...headers });
  return {
    cookies,
    get,
    post: ({ action, fields }, changed = {}, headers = {}) =>
      ask("POST", action, new URLSearchParams({ ...fields, ...changed }).toString(), {
        "content-type": "application/x-www-form-urlencoded",
        accept: "text/html",
        origin,
        ...headers,
      }),
    follow: (answer) => {
      const location = answer.headers.get("location");
      if (answer.status !== 303 || location === null)
        throw new Error(`leads nowhere: ${answer.status} ${answer.text.slice(0, 2000)}`);
      const { pathname, search } = new URL(location, origin);
      return get(`${pathname}${search}`);
    },
  };
}
