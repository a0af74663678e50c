/** Who belongs to an event's organizer: what a member may do, and what only members may know of. */
import type { Context } from "hono";
import type { Permission } from "../../shared/contracts/organizers";
import type { Principal } from "../../shared/contracts/principal";
import { MAX_SEAT_MAP_BYTES } from "../../shared/contracts/seats";
import { pathId } from "../../shared/http/form";
import { memberGuard } from "../../shared/http/guards";
import { rememberedMembership } from "../../shared/http/memberships";
import { ofOrganizer, organizerOfBody, organizerOfQuery } from "../../shared/http/named-organizer";
import { isAdmin, memberCandidate, userIdOf } from "../../shared/http/principal";
import type { Env } from "./environment";
import type { EventRow } from "./schema";
import { organizerOfUpload } from "./seat-map-uploads";
import { findSeatMap } from "./seat-maps";
import { isKnown } from "./stored-event";

type EventsContext = { Bindings: Env };

/** Whose an event is never changes, so that a door's hundredth ticket asks no database. */
const organizerOfEvent = new Map<string, string>();
const MAX_REMEMBERED = 10_000;

type Standing = Pick<EventRow, "organizerId" | "status" | "isPublic">;

async function standingOf(env: Env, eventId: string): Promise<Standing | null> {
  const row = await env.DB.prepare("SELECT organizer_id AS organizerId, status, is_public AS isPublic FROM events WHERE id = ?")
    .bind(eventId)
    .first<Omit<Standing, "isPublic"> & { isPublic: number }>();
  return row && { ...row, isPublic: row.isPublic === 1 };
}

async function organizerOf(env: Env, eventId: string): Promise<string | null> {
  const remembered = organizerOfEvent.get(eventId);
  if (remembered !== undefined) return remembered;
  const standing = await standingOf(env, eventId);
  if (!standing) return null;
  if (organizerOfEvent.size >= MAX_REMEMBERED) organizerOfEvent.clear();
  organizerOfEvent.set(eventId, standing.organizerId);
  return standing.organizerId;
}

/** Every role may read. */
const isMember = async (env: Env, userId: string, organizerId: string, eventId?: string): Promise<boolean> =>
  (await rememberedMembership(env.USERS, userId, organizerId, "events:read", eventId)) !== null;

/** `requireMember("events:write")` on routes whose path names the event. */
export const requireMember = memberGuard<EventsContext>({
  subjectOf: async (c) => {
    const eventId = pathId(c, "eventId", "event_not_found");
    const organizerId = await organizerOf(c.env, eventId);
    if (organizerId === null) return null;
    const isVisible = async () => {
      const standing = await standingOf(c.env, eventId);
      return standing !== null && isKnown(standing);
    };
    return { organizerId, visible: isVisible, eventId };
  },
  membership: (c, userId, organizerId, permission, eventId) =>
    rememberedMembership(c.env.USERS, userId, organizerId, permission, eventId),
  notFound: "event_not_found",
});

const membership = (c: Context<EventsContext>, userId: string, organizerId: string, permission: Permission) =>
  rememberedMembership(c.env.USERS, userId, organizerId, permission);

/** The same where the body names the organizer. */
export const requireMemberOfBody = memberGuard<EventsContext>({
  subjectOf: async (c: Context<EventsContext>) => ofOrganizer(c.env.USERS, await organizerOfBody(c)),
  membership,
  notFound: "organizer_not_found",
});

/** The same for a body of a seat map's size. */
export const requireSeatMapUploader = memberGuard<EventsContext>({
  maxFileBytes: () => MAX_SEAT_MAP_BYTES,
  subjectOf: async (c: Context<EventsContext>) => ofOrganizer(c.env.USERS, await organizerOfUpload(c)),
  membership,
  notFound: "organizer_not_found",
});

/** Where the query names the organizer. */
export const requireMemberOfQuery = memberGuard<EventsContext>({
  subjectOf: async (c: Context<EventsContext>) => ofOrganizer(c.env.USERS, organizerOfQuery(c)),
  membership,
  notFound: "organizer_not_found",
});

/** Only its organizer's members know of a map. */
export const requireMemberOfSeatMap = memberGuard<EventsContext>({
  subjectOf: async (c: Context<EventsContext>) => {
    const map = await findSeatMap(c.env, pathId(c, "seatMapId", "seat_map_not_found"));
    return map && { organizerId: map.organizerId, visible: false };
  },
  membership,
  notFound: "seat_map_not_found",
});

/** True for any member of this organizer, and for admins, who read everything: they know of drafts and private events. */
export async function isInsider(env: Env, principal: Principal, organizerId: string, eventId?: string): Promise<boolean> {
  if (isAdmin(principal)) return true;
  const userId = memberCandidate(principal, organizerId, "events:read");
  return userId !== null && (await isMember(env, userId, organizerId, eventId));
}

/** The same of an event by its id, with no look-up where nobody is signed in. */
export async function isInsiderOf(env: Env, principal: Principal, eventId: string): Promise<boolean> {
  if (isAdmin(principal)) return true;
  if (userIdOf(principal) === null) return false;
  const organizerId = await organizerOf(env, eventId);
  return organizerId !== null && isInsider(env, principal, organizerId, eventId);
}
