/** What stands on an organizer's first page: a part of what is on in the order of time, or of what fits a search. */
import { z } from "zod";
import type { PublishedEvent } from "../../shared/contracts/events";
import { Id } from "../../shared/contracts/ids";
import { decodeCursor, page } from "../../shared/http/list";
import { Problem } from "../../shared/http/problem";
import type { Env } from "./environment";

/** A phone shows seven at once. */
const EVENTS_A_PAGE = 20;
export const MAX_QUERY_CHARACTERS = 200;

export interface Listing {
  /** As it was asked, empty for all that is on. */
  query: string;
  events: PublishedEvent[];
  nextCursor: string | null;
  /** Something stands before this page. */
  isContinued: boolean;
  /** Events of which nothing is left, and whether some of it may come back. */
  gone?: ReadonlyMap<string, { mayComeBack: boolean }>;
}

const Keyset = z.tuple([z.int(), Id]);

/** Null for a cursor that no page of this list has. */
export async function readListing(
  env: Env,
  organizerId: string,
  { q = "", cursor }: { q?: string | undefined; cursor?: string | undefined },
): Promise<Listing | null> {
  const query = q.trim().slice(0, MAX_QUERY_CHARACTERS);
  const found =
    query === "" ? await eventsInTime(env, organizerId, cursor) : await eventsThatFit(env, organizerId, query, cursor);
  if (!found) return null;
  const { data: events, nextCursor } = found;
  const gone = new Map((await withoutTickets(env, events)).map((event) => [event.id, event]));
  return { query, events, nextCursor, isContinued: cursor !== undefined, gone };
}

/** The list is there all the same where this cannot be told. */
const withoutTickets = async (env: Env, events: PublishedEvent[]) =>
  events.length === 0 ? [] : env.EVENTS.eventsWithoutTickets(events.map(({ id }) => id)).catch(() => []);

async function eventsInTime(env: Env, organizerId: string, cursor: string | undefined) {
  const after = keysetOf(cursor);
  if (after === "none") return null;
  const events = await env.EVENTS.publicEvents(organizerId, { after, limit: EVENTS_A_PAGE + 1 });
  return page(
    events,
    EVENTS_A_PAGE,
    (event) => event,
    ({ id, startDate }) => [Date.parse(startDate), id],
  );
}

const eventsThatFit = (env: Env, organizerId: string, q: string, cursor: string | undefined) =>
  env.SEARCH.eventsThatFit({ organizerId, q, limit: EVENTS_A_PAGE, ...(cursor === undefined ? {} : { cursor }) });

function keysetOf(cursor: string | undefined): [number, string] | undefined | "none" {
  try {
    return decodeCursor(cursor, Keyset) ?? undefined;
  } catch (error) {
    if (error instanceof Problem) return "none";
    throw error;
  }
}
