/** Every operation of the document, asked as somebody: what the table says that he hears, and what he heard. */
import { z } from "zod";
import type { Client } from "./client";
import {
  AT_A_DRAFT,
  type OperationId,
  ROLE_MAY,
  type Role,
  type Row,
  type Subject,
  TABLE,
  type TablePermission,
} from "./permission-table";

const Described = z.looseObject({ operationId: z.string(), "x-step-up": z.boolean().default(false) });
export const WalkedDocument = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Described)) });

export interface Operation {
  method: string;
  path: string;
  operationId: string;
  stepUp: boolean;
}

/** Those that end something come last, and of them those that may end the caller's own session at the very end. */
export function operationsOf(document: z.infer<typeof WalkedDocument>): Operation[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, "x-step-up": stepUp }]) => ({
      method: method.toUpperCase(),
      path,
      operationId,
      stepUp,
    })),
  );
  const order = ({ method, path }: Operation): number => (method !== "DELETE" ? 0 : path.startsWith("/auth/") ? 2 : 1);
  return all.sort((a, b) => order(a) - order(b));
}

/** The events of the organizer: one on sale to everybody, one that nobody published, one on sale that only some know of. */
export const PLACES = ["public", "draft", "private"] as const;
export type Place = (typeof PLACES)[number];

type Secret = "hold" | "order" | "entry";
export type Owned = Secret | "account";

/** Who asks, as far as the table knows it. */
export interface Caller {
  name: string;
  api: Client;
  kind: "nobody" | "person" | "key" | Secret | "refused";
  /** Why a credential that was sent does not count. */
  refusal?: "credential_invalid" | "token_stale";
  /** A browser sends the cookie of a person's session with what a page asks that does not know its token. */
  forged?: true;
  /** The session was made on an organizer's host: this one's, or another's. */
  host?: "here" | "elsewhere";
  /** In the team of the organizer whose things are asked for. */
  role?: Role;
  /** Where the role counts, when not at all events. */
  only?: Place;
  admin?: true;
  /** Asks at the draft and at the private event too: one of each kind that knows of them, and of each that does not. */
  everywhere?: true;
  /** Of a key. */
  scopes?: readonly string[];
  /** Which of the things that he asks for are his, and their ids in place of the walk's. */
  owns?: readonly Owned[];
  ids?: Record<string, string>;
}

const mayAs = (role: Role, permission: TablePermission): boolean =>
  (ROLE_MAY[role] as readonly TablePermission[]).includes(permission);

/** The role that counts; a session of an organizer's host has none, whoever shows it. */
function roleOf({ role, only, host }: Caller, place: Place | null): Role | undefined {
  return host || (only && only !== place) ? undefined : role;
}

function isAllowed(caller: Caller, permission: TablePermission, place: Place | null): boolean {
  const role = roleOf(caller, place);
  if (caller.kind === "key" && !caller.scopes?.includes(permission)) return false;
  if (caller.admin) return permission.endsWith(":read");
  return role !== undefined && mayAs(role, permission);
}

const isAdmin = ({ admin, host }: Caller): boolean => admin === true && !host;
const isInside = (caller: Caller, place: Place): boolean => isAdmin(caller) || isAllowed(caller, "events:read", place);
const knows = (caller: Caller, place: Place): boolean => place === "public" || isInside(caller, place);
const owns = ({ owns: mine = [] }: Caller, thing: Owned): boolean => mine.includes(thing);
const isReader = (caller: Caller): boolean =>
  owns(caller, "order") || isAdmin(caller) || isAllowed(caller, "orders:read", "public");

/** How a thing that is not there is refused, and whether strangers may know of one that is. */
const HIDDEN: Record<Subject, string> = {
  organizer: "404 organizer_not_found",
  event: "404 event_not_found",
  "seat map": "404 seat_map_not_found",
  asset: "404 asset_not_found",
  payment: "404 payment_not_found",
};

function isVisible(subject: Subject, caller: Caller, place: Place): boolean {
  if (subject === "event") return knows(caller, place);
  if (subject === "payment") return isReader(caller);
  return subject !== "seat map";
}

const isSecret = (caller: Caller): boolean => ["hold", "order", "entry"].includes(caller.kind);
const INVALID = "401 credential_invalid";
const FORBIDDEN = "403 forbidden";
const ELSEWHERE = "403 main_host_required";

function personHears(caller: Caller, heard: string, isAnywhere = false): string {
  if (isSecret(caller)) return INVALID;
  if (caller.kind === "key") return FORBIDDEN;
  return caller.host && !isAnywhere ? ELSEWHERE : heard;
}

function memberHears(caller: Caller, permission: TablePermission, subject: Subject, place: Place, heard: string): string {
  if (subject === "payment" && caller.kind === "order") return owns(caller, "order") ? FORBIDDEN : HIDDEN.payment;
  if (isSecret(caller)) return INVALID;
  if (caller.host) return ELSEWHERE;
  const at = subject === "event" ? place : null;
  if (isAllowed(caller, permission, at)) return heard;
  // Who belongs to the organizer, or may read everything, knows that the thing is there.
  const isKnown = roleOf(caller, at) !== undefined || isAdmin(caller) || isVisible(subject, caller, place);
  return isKnown ? FORBIDDEN : HIDDEN[subject];
}

function orderHears(caller: Caller, missing: string, heard: string, isBuyers = false): string {
  if (caller.kind === "hold" || caller.kind === "entry") return INVALID;
  if (!isReader(caller)) return missing;
  return isBuyers && !owns(caller, "order") ? FORBIDDEN : heard;
}

function entryHears(caller: Caller, who: Row[0], heard: string): string {
  const isWriter = owns(caller, "entry") || isAllowed(caller, "events:write", "public");
  if (!isWriter && (owns(caller, "order") || !isReader(caller))) return "404 waitlist_entry_not_found";
  if (who === "entry's reader" || (who === "entry's writer" && isWriter)) return heard;
  if (who === "entry's mail") return caller.kind === "entry" ? heard : FORBIDDEN;
  return who === "entry's owner" && owns(caller, "entry") ? heard : FORBIDDEN;
}

/** What the table says: the status, and of a refusal the code. */
export function cellOf({ method, operationId }: Operation, caller: Caller, place: Place): string {
  const [who, usually]: Row = TABLE[operationId as OperationId];
  const heard = place === "draft" ? (AT_A_DRAFT[operationId as OperationId] ?? usually) : usually;
  if (who === "everybody") return heard;
  if (caller.kind === "refused") return `401 ${caller.refusal}`;
  if (caller.forged && method !== "GET") return "403 csrf_failed";
  const isOpen = who === "anybody" || who === "whoever knows the event" || /^(buyers|orderers) at/.test(who);
  if (caller.kind === "nobody" && !isOpen) return "401 credential_missing";
  const isHere = knows(caller, place) && caller.host !== "elsewhere";
  switch (who) {
    case "anybody":
      return heard;
    case "whoever knows the event":
      return knows(caller, place) ? heard : HIDDEN.event;
    case "buyers at the event":
      return isHere ? heard : HIDDEN.event;
    case "orderers at the event":
      if (isSecret(caller)) return INVALID;
      return isHere ? heard : HIDDEN.event;
    case "person":
      return personHears(caller, heard);
    case "person anywhere":
      return personHears(caller, heard, true);
    case "person who may buy at the event":
      return personHears(caller, isHere ? heard : HIDDEN.event, true);
    case "himself or admin":
    case "himself or admin anywhere": {
      const isHis = owns(caller, "account") || isAdmin(caller);
      return personHears(caller, isHis ? heard : "404 user_not_found", who.endsWith("anywhere"));
    }
    case "colleague or admin": {
      const isSeen = owns(caller, "account") || isAdmin(caller) || caller.role !== undefined;
      return personHears(caller, isSeen ? heard : "404 avatar_not_found");
    }
    case "admin":
      if (isSecret(caller)) return INVALID;
      return isAdmin(caller) ? heard : FORBIDDEN;
    case "hold's owner":
      return owns(caller, "hold") && place === "public" ? heard : "404 hold_not_found";
    case "order's reader":
      return orderHears(caller, "404 order_not_found", heard);
    case "payment's reader":
      return orderHears(caller, HIDDEN.payment, heard);
    case "order's buyer":
      return orderHears(caller, "404 order_not_found", heard, true);
    case "entry's reader":
    case "entry's writer":
    case "entry's owner":
    case "entry's mail":
      return place === "public" ? entryHears(caller, who, heard) : "404 waitlist_entry_not_found";
    default: {
      const [permission, subject] = who.split(" of ") as [TablePermission, Subject];
      return memberHears(caller, permission, subject, place, heard);
    }
  }
}

export interface Things {
  organizerId: string;
  /** By place, and then by the name of a path's parameter. */
  ids: Record<Place, Record<string, string>>;
  /** A good form where who may is found out behind it; elsewhere the walk sends one that is refused after that. */
  bodies: Partial<Record<OperationId, (ids: Record<string, string>) => object>>;
  /** Makes what a caller who may is about to end: its ids. Without it he names what is not there. */
  fresh: Partial<Record<OperationId, (place: Place) => Promise<Record<string, string>>>>;
}

const NOTHING = "00000000-0000-4000-8000-000000000000";

/** Where an operation is asked: what names an event, at each of them; what is of one event only, by its owner at another one too. */
export function placesOf({ path, operationId }: Operation, { everywhere, owns: mine }: Caller): readonly Place[] {
  if (/\{(holdId|entryId)\}/.test(path)) return mine ? ["public", "private"] : ["public"];
  const namesEvent = path.includes("{eventId}") || operationId === "listEventOrders" || operationId === "createOrder";
  return everywhere && namesEvent ? PLACES : ["public"];
}

/** Who may not end a thing names one that is there, so that it is gone when he may. */
async function idsFor(caller: Caller, operation: Operation, place: Place, things: Things): Promise<Record<string, string>> {
  const [who, heard]: Row = TABLE[operation.operationId as OperationId];
  const ids = { ...things.ids[place], ...(place === "public" ? caller.ids : {}) };
  const cell = cellOf(operation, caller, place);
  const ends = operation.method === "DELETE" && (cell === heard || cell === AT_A_DRAFT[operation.operationId as OperationId]);
  const isHis = caller.owns !== undefined && /^(hold|entry)'s/.test(who);
  if (!ends || isHis) return ids;
  const fresh = await things.fresh[operation.operationId as OperationId]?.(place);
  if (fresh) return { ...ids, ...fresh };
  const { eventId = NOTHING } = ids;
  return who.includes(" of ") ? { eventId } : ids;
}

/** The status, and of a refusal the code. */
export async function ask(caller: Caller, operation: Operation, place: Place, things: Things): Promise<string> {
  const { method, path, operationId } = operation;
  const { organizerId } = things;
  const ids = await idsFor(caller, operation, place, things);
  const named = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    name === "organizerId" ? organizerId : (ids[name] ?? NOTHING),
  );
  const address = `${named}?organizerId=${organizerId}&eventId=${ids.eventId}`;
  const body = things.bodies[operationId as OperationId]?.(ids) ?? { organizerId, thisIsNoField: true };
  const answer =
    method === "GET" || method === "DELETE"
      ? await caller.api.send(method, address, undefined)
      : await caller.api.send(method, address, JSON.stringify(body));
  const problem = z.looseObject({ code: z.string() }).safeParse(answer.body);
  return answer.status >= 400 && problem.success ? `${answer.status} ${problem.data.code}` : String(answer.status);
}

/** Null when he heard what the table says. */
export function objection({ method, path, operationId }: Operation, caller: Caller, place: Place, heard: string): string | null {
  const said = cellOf({ method, path, operationId, stepUp: false }, caller, place);
  if (heard === said) return null;
  const [who]: Row = TABLE[operationId as OperationId];
  return `${method} ${path} (${operationId}, for ${who}) as ${caller.name} at a ${place} event: ${heard}, not ${said}`;
}
