/** What a request says of the event that it is about, of its version, and of what may come after the answer. */
import type { Context } from "hono";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Principal } from "../../shared/contracts/principal";
import { checkIfMatch, etagOfVersion } from "../../shared/http/etag";
import { pathId } from "../../shared/http/form";
import { onlyOrganizerOf, principalOf } from "../../shared/http/principal";
import type { Env, Later } from "./environment";

export type EventsContext = Context<{ Bindings: Env }>;

/** Who asks. `onlyOrganizerId`: of a session of an organizer's host, who alone has events for it (rule 5); null for everybody else. */
export interface Caller {
  principal: Principal;
  onlyOrganizerId: string | null;
}

export function callerOf(c: Context): Caller {
  const principal = principalOf(c);
  return { principal, onlyOrganizerId: onlyOrganizerOf(principal, c.req.header(INTERNAL_HEADERS.organizer) ?? null) };
}

/** Whether what this organizer has can be anything to the caller. */
export const isOfHost = ({ onlyOrganizerId }: Caller, organizerId: string): boolean =>
  onlyOrganizerId === null || onlyOrganizerId === organizerId;

/** Whether the caller is this person himself: an API key acts for its maker in a team, and is not he. */
export const isPerson = ({ principal }: Caller, userId: string | null): boolean =>
  principal.kind === "user" && principal.userId === userId;

export const eventIdOf = (c: Context): string => pathId(c, "eventId", "event_not_found");

export const laterOf = (c: Context): Later => ({
  waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  traceparent: c.req.header("traceparent"),
});

export const ifMatch = (c: Context) => (version: number) => checkIfMatch(c, etagOfVersion(version));
