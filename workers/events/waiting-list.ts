/** The waiting list, asked of the event's object. */
import { z } from "zod";
import type { Hold } from "../../shared/contracts/holds";
import { toTimestamp } from "../../shared/contracts/ids";
import { may, type Permission } from "../../shared/contracts/organizers";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { WaitingEntry } from "../../shared/contracts/waiting";
import type { WaitlistDraft, WaitlistEntry, WaitlistGuest, WaitlistLetter } from "../../shared/contracts/waitlist";
import { uuidV7 } from "../../shared/crypto/uuid";
import { decodeCursor, encodeCursor } from "../../shared/http/list";
import { rememberedMembership } from "../../shared/http/memberships";
import { isAdmin, memberCandidate, userIdOf } from "../../shared/http/principal";
import type { Language } from "../../shared/locale/languages";
import type { Env } from "./environment";
import { readEvent } from "./event-reads";
import { secretOfHold } from "./hold-secret";
import { toHold } from "./holds";
import { askInventory } from "./inventory";
import { isInsider } from "./members";
import { personKeyOf } from "./person";
import { type Caller, isOfHost, isPerson } from "./requests";
import { isSecretOfEntry, secretOfEntry } from "./waiting-list-secret";

type NotFound = Refusal<"waitlist_entry_not_found">;
const NOT_FOUND: NotFound = { code: "waitlist_entry_not_found" };

/** Whether the caller may do this as a member of the event's team. */
async function mayAs(
  env: Env,
  principal: Principal,
  permission: Permission,
  organizerId: string,
  eventId: string,
): Promise<boolean> {
  const userId = memberCandidate(principal, organizerId, permission);
  if (userId === null) return false;
  const role = await rememberedMembership(env.USERS, userId, organizerId, permission, eventId);
  return role !== null && may(role, permission);
}

const isWriter = (env: Env, principal: Principal, organizerId: string, eventId: string): Promise<boolean> =>
  mayAs(env, principal, "events:write", organizerId, eventId);

/** Names and addresses are for those who may read orders. */
const isReader = async (env: Env, principal: Principal, organizerId: string, eventId: string): Promise<boolean> =>
  isAdmin(principal) || (await mayAs(env, principal, "orders:read", organizerId, eventId));

/** An event that the caller may know of, and of the host that his session is of. */
export async function readEventHere(env: Env, caller: Caller, eventId: string): ReturnType<typeof readEvent> {
  const read = await readEvent(env, caller.principal, eventId);
  return !read.ok || isOfHost(caller, read.value.event.organizerId) ? read : refuse({ code: "event_not_found" });
}

/** Somebody who is signed in waits by his own verified address; a member adds others by theirs, and may give them priority. */
export async function join(
  env: Env,
  caller: Caller,
  eventId: string,
  draft: WaitlistDraft,
  language: Language,
): Promise<Result<WaitlistEntry, Refusal>> {
  const { principal } = caller;
  const read = await readEventHere(env, caller, eventId);
  if (!read.ok) return read;
  const { organizerId } = read.value.event;
  const forMembers = draft.email !== undefined || draft.priority !== undefined;
  if (forMembers && !(await isWriter(env, principal, organizerId, eventId)))
    return refuse({ code: "forbidden", detail: "Members add others and give priority." });
  const userId = draft.email === undefined ? userIdOf(principal) : null;
  const email = draft.email ?? (userId === null ? null : await env.USERS.verifiedEmail(userId));
  if (email === null) return refuse({ code: "email_not_verified" });
  const insider = await isInsider(env, principal, organizerId, eventId);
  return joinAs(env, eventId, { ...draft, email, userId, isConfirmed: true, insider, language });
}

interface Joining extends Omit<WaitlistDraft, "email"> {
  email: string;
  userId: string | null;
  isConfirmed: boolean;
  insider: boolean;
  language: string;
}

async function joinAs(env: Env, eventId: string, asked: Joining): Promise<Result<WaitlistEntry, Refusal>> {
  const { name = null, priority = 0, ...rest } = asked;
  const personKey = await personKeyOf(env.HOLD_KEY, asked.email);
  const request = { ...rest, entryId: uuidV7(Date.now()), personKey, name, priority };
  const joined = await askInventory(env, eventId, (inventory) => inventory.joinWaitlist(request));
  if (joined.ok) return ok(toEntry(joined.value));
  // The caller knows of the event: it is one that nobody has published.
  if (joined.error.code === "event_not_found")
    return refuse({ code: "event_not_on_sale", detail: "The event is not published." });
  return joined;
}

/** For the pages, whose readers are guests: a public event alone, no priority, and nothing before the mailed link was opened. */
export async function joinAsGuest(env: Env, eventId: string, guest: WaitlistGuest): Promise<Result<WaitlistEntry, Refusal>> {
  const read = await readEvent(env, { kind: "anonymous" }, eventId);
  return read.ok ? joinAs(env, eventId, { ...guest, userId: null, isConfirmed: false, insider: false }) : read;
}

const Keyset = z.tuple([z.int().nonnegative()]);

/** Members read all of it, in the order in which people joined; anybody else his own entries. */
export async function list(
  env: Env,
  caller: Caller,
  eventId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Result<{ data: WaitlistEntry[]; nextCursor: string | null }, Refusal>> {
  const { principal } = caller;
  const read = await readEventHere(env, caller, eventId);
  if (!read.ok) return read;
  const [after] = decodeCursor(cursor, Keyset) ?? [0];
  const userId = (await isReader(env, principal, read.value.event.organizerId, eventId)) ? null : userIdOf(principal);
  const found = await askInventory(env, eventId, (inventory) => inventory.waitingEntries({ userId, after, limit }));
  // Nobody waits for what was never published.
  const entries = found.ok ? found.value : [];
  const last = entries[limit - 1];
  return ok({ data: entries.map(toEntry), nextCursor: last === undefined ? null : encodeCursor([last.number]) });
}

/** Whose the entry is to the caller; anything else reads like one that does not exist. */
type Access = "own" | "reader" | "writer";

export async function find(
  env: Env,
  caller: Caller,
  eventId: string,
  entryId: string,
): Promise<Result<{ entry: WaitingEntry; access: Access }, NotFound>> {
  const { principal } = caller;
  const bySecret = principal.kind === "bearer_secret" && (await isSecretOfEntry(env.HOLD_KEY, entryId, principal.secret));
  if (principal.kind === "bearer_secret" && !bySecret) return refuse(NOT_FOUND);
  const found = await askInventory(env, eventId, (inventory) => inventory.waitingEntry(entryId));
  if (!found.ok) return refuse(NOT_FOUND);
  const entry = found.value;
  if (!isOfHost(caller, entry.organizerId)) return refuse(NOT_FOUND);
  if (bySecret || isPerson(caller, entry.userId)) return ok({ entry, access: "own" });
  if (await isWriter(env, principal, entry.organizerId, eventId)) return ok({ entry, access: "writer" });
  return (await isReader(env, principal, entry.organizerId, eventId)) ? ok({ entry, access: "reader" }) : refuse(NOT_FOUND);
}

export async function read(env: Env, caller: Caller, eventId: string, entryId: string): Promise<Result<WaitlistEntry, NotFound>> {
  const found = await find(env, caller, eventId, entryId);
  return found.ok ? ok(toEntry(found.value.entry)) : found;
}

export async function leave(env: Env, caller: Caller, eventId: string, entryId: string): Promise<Result<null, Refusal>> {
  const found = await find(env, caller, eventId, entryId);
  if (!found.ok) return found;
  if (found.value.access === "reader") return refuse({ code: "forbidden" });
  return askInventory(env, eventId, (inventory) => inventory.leaveWaitlist(entryId));
}

/** An offer is his to whom it was made: not even a member takes it. */
async function findOwn(env: Env, caller: Caller, eventId: string, entryId: string): Promise<Result<null, Refusal>> {
  const found = await find(env, caller, eventId, entryId);
  if (!found.ok) return found;
  return found.value.access === "own" ? ok(null) : refuse({ code: "forbidden", detail: "The offer is somebody else's." });
}

/** By the secret in his mail alone: whoever has it has read what was sent to the entry's address. */
export async function confirm(
  env: Env,
  caller: Caller,
  eventId: string,
  entryId: string,
): Promise<Result<WaitlistEntry, Refusal>> {
  const found = await find(env, caller, eventId, entryId);
  if (!found.ok) return found;
  if (caller.principal.kind !== "bearer_secret")
    return refuse({ code: "forbidden", detail: "The link in the mail confirms an entry." });
  const confirmed = await askInventory(env, eventId, (inventory) => inventory.confirmWaiting(entryId));
  return confirmed.ok ? ok(toEntry(confirmed.value)) : confirmed;
}

export async function accept(env: Env, caller: Caller, eventId: string, entryId: string): Promise<Result<Hold, Refusal>> {
  const own = await findOwn(env, caller, eventId, entryId);
  if (!own.ok) return own;
  const held = await askInventory(env, eventId, (inventory) => inventory.acceptOffer(entryId));
  return held.ok ? ok(toHold(held.value, await secretOfHold(env.HOLD_KEY, held.value.holdId))) : held;
}

export async function decline(env: Env, caller: Caller, eventId: string, entryId: string): Promise<Result<null, Refusal>> {
  const own = await findOwn(env, caller, eventId, entryId);
  return own.ok ? askInventory(env, eventId, (inventory) => inventory.declineOffer(entryId)) : own;
}

/** Entries that one call tells, each a question to its event's object. */
const MAX_LETTERS = 20;

/** What mails must know, in their order; null for an entry that is not there, or whose person has left. */
export async function lettersOf(env: Env, asked: { eventId: string; entryId: string }[]): Promise<(WaitlistLetter | null)[]> {
  if (asked.length > MAX_LETTERS) throw new RangeError(`at most ${MAX_LETTERS} entries a call`);
  return Promise.all(
    asked.map(async ({ eventId, entryId }) => {
      const found = await askInventory(env, eventId, (inventory) => inventory.waitingEntry(entryId));
      if (!found.ok || found.value.email === null) return null;
      const { organizerId, email, name, language } = found.value;
      const secret = await secretOfEntry(env.HOLD_KEY, entryId);
      return { entry: toEntry(found.value), organizerId, email, name, language, secret };
    }),
  );
}

function toEntry(entry: WaitingEntry): WaitlistEntry {
  const { entryId: id, eventId, state, ticketTypeIds, quantity, priority, email, name, offer, offeredAtMs } = entry;
  const [line] = offer?.lines ?? [];
  return {
    id,
    eventId,
    state,
    ticketTypeIds,
    quantity,
    priority,
    email,
    name,
    joinedAt: toTimestamp(entry.joinedAtMs),
    offer:
      offer === null || line === undefined || offeredAtMs === null
        ? null
        : {
            ticketTypeId: line.ticketTypeId,
            name: line.name,
            quantity: line.quantity,
            ...(line.seats === undefined ? {} : { seats: line.seats }),
            offeredAt: toTimestamp(offeredAtMs),
            expiresAt: toTimestamp(offer.expiresAtMs),
          },
  };
}
