/** Every operation of the document, asked as somebody: what the answer should be by the table, and what it was. */
import { z } from "zod";
import { type MemberRole, may, PERMISSIONS, type Permission } from "../../shared/contracts/organizers";
import type { Client } from "./client";

const Described = z.looseObject({
  operationId: z.string(),
  "x-permission": z.string().optional(),
  "x-step-up": z.boolean().default(false),
});
export const WalkedDocument = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Described)) });

export interface Operation {
  method: string;
  path: string;
  operationId: string;
  permission: string;
  stepUp: boolean;
}

/** Those that end something come last, and of them those that may end the caller's own session at the very end. */
export function operationsOf(document: z.infer<typeof WalkedDocument>): Operation[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      operationId: described.operationId,
      permission: described["x-permission"] ?? "",
      stepUp: described["x-step-up"],
    })),
  );
  const order = ({ method, path }: Operation): number => (method !== "DELETE" ? 0 : path.startsWith("/auth/") ? 2 : 1);
  return all.sort((a, b) => order(a) - order(b));
}

/** Who asks, as far as the table knows it. */
export interface Caller {
  name: string;
  api: Client;
  kind: "anonymous" | "person" | "key" | "secret" | "suspended";
  /** A browser sends the cookie of a person's session with what a page asks that does not know its token. */
  forged?: true;
  /** In the team of the organizer whose things are asked for. */
  role?: MemberRole;
  admin?: boolean;
  /** Of a key. */
  scopes?: readonly string[];
}

const isPermission = (name: string): name is Permission => name in PERMISSIONS;
/** What the document says instead of a permission. */
export const OTHERS = ["anyone", "credential", "user", "admin", "development"];

const isForged = ({ method }: Pick<Operation, "method">, caller: Caller): boolean => caller.forged === true && method !== "GET";

/**
 * True and false by the table; null where the thing itself decides, as an order does about who reads it, or where the house does not
 * say it of a caller of this kind.
 */
export function isAllowed({ method, permission, stepUp }: Operation, caller: Caller): boolean | null {
  if (isForged({ method }, caller)) return permission === "anyone" ? null : false;
  if (permission === "anyone") return caller.kind === "anonymous" || caller.kind === "person" ? true : null;
  if (caller.kind === "anonymous") return false;
  if (permission === "credential") return null;
  if (caller.kind === "secret" || caller.kind === "suspended") return false;
  if (permission === "user") return caller.kind === "person";
  if (permission === "admin") return caller.admin === true;
  if (!isPermission(permission)) throw new Error(`the table does not know ${permission}`);
  if (caller.kind === "key" && (stepUp || !caller.scopes?.includes(permission))) return false;
  if (caller.admin) return permission.endsWith(":read");
  return caller.role !== undefined && may(caller.role, permission);
}

/** Refused after the permission was found good, whatever the operation takes; the organizer is where some guards look for it. */
const bodyOf = (organizerId: string) => ({ organizerId, thisIsNoField: true });

export interface Things {
  organizerId: string;
  eventId: string;
  /** By the name of a path's parameter; another id of nothing where there is none. */
  ids: Record<string, string>;
}

export interface Walked {
  operation: Operation;
  status: number;
  /** The problem's code, empty of a success. */
  code: string;
}

const NOTHING = "00000000-0000-4000-8000-000000000000";

/** A deletion that is allowed names nothing that is there, but for the event, which cannot be deleted once it is on sale. */
export async function ask(caller: Caller, operation: Operation, { organizerId, eventId, ids }: Things): Promise<Walked> {
  const { method, path } = operation;
  const path_ = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === "eventId") return eventId;
    if (name === "organizerId") return organizerId;
    return (method === "DELETE" ? undefined : ids[name]) ?? NOTHING;
  });
  const address = `${path_}?organizerId=${organizerId}&eventId=${eventId}`;
  const answer =
    method === "GET"
      ? await caller.api.get(address)
      : method === "DELETE"
        ? await caller.api.delete(address)
        : await caller.api.send(method, address, JSON.stringify(bodyOf(organizerId)));
  const problem = z.looseObject({ code: z.string() }).safeParse(answer.body);
  return { operation, status: answer.status, code: problem.success && answer.status >= 400 ? problem.data.code : "" };
}

/** Null when the answer is what the table says. */
export function objection({ operation, status, code }: Walked, caller: Caller): string | null {
  const allowed = isAllowed(operation, caller);
  const said = `${operation.method} ${operation.path} (${operation.permission}) as ${caller.name}: ${status} ${code}`;
  if (status >= 500 && status !== 503) return said;
  if (status === 429) return `${said}: asked too often`;
  if (allowed === null) return null;
  if (isForged(operation, caller)) return status === 403 && code === "csrf_failed" ? null : said;
  // What is no permission's matter may be refused in its place by the thing itself: a code that is wrong, an account without a factor.
  if (allowed) return status === 401 || code === "forbidden" || code === "main_host_required" ? said : null;
  if (caller.kind === "anonymous") return status === 401 ? null : said;
  // Who belongs to the organizer, or may read everything, knows that the thing is there.
  const isInside = isPermission(operation.permission) && caller.kind === "person" && (caller.role !== undefined || caller.admin);
  const isOfNothing = status === 404 && /\{(?!eventId|organizerId)\w+\}/.test(operation.path);
  if (isInside && !isOfNothing) return status === 403 ? null : said;
  return [401, 403, 404].includes(status) ? null : said;
}
