/** What a mail about an order is about: its event and whose that is. */
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Organizer } from "../../shared/contracts/organizers";
import type { Env } from "./environment";

export interface Occasion {
  event: PublishedEvent;
  organizer: Organizer;
}

interface About {
  eventId: string;
  organizerId: string;
}

/** One question to each owner for all of them. The answer throws for what an owner has not told: it is asked again later. */
export async function occasionsOf(env: Env, things: readonly About[]): Promise<(thing: About) => Occasion> {
  const [events, organizers] = await Promise.all([
    env.EVENTS.events(distinct(things.map(({ eventId }) => eventId))),
    env.USERS.organizers(distinct(things.map(({ organizerId }) => organizerId))),
  ]);
  const eventById = new Map(events.map((event) => [event.id, event]));
  const organizerById = new Map(organizers.map((organizer) => [organizer.id, organizer]));
  return ({ eventId, organizerId }) => ({
    event: told(eventById.get(eventId), `event ${eventId}`),
    organizer: told(organizerById.get(organizerId), `organizer ${organizerId}`),
  });
}

/** What was asked for by its id and has to be there. */
export function told<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new Error(`no mail can be written: ${what} was not told`);
  return thing;
}

const distinct = (ids: string[]): string[] => [...new Set(ids)];
