/** What a mail about an order is about: its event, whose that is, how he looks, and where his pages stand. */
import type { BrandSettings } from "../../shared/contracts/branding";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Organizer } from "../../shared/contracts/organizers";
import type { Env } from "./environment";

export interface Occasion {
  event: PublishedEvent;
  organizer: Organizer;
  brand: BrandSettings;
  /** Of the organizer's pages, as `https://blue-note.sites.bilten.example`. */
  siteOrigin: string;
}

interface About {
  eventId: string;
  organizerId: string;
}

/** Questions that one look asks its owners. */
export const OCCASION_QUESTIONS = 3;

/** One question to each owner for all of them. The answer throws for what an owner has not told: it is asked again later. */
export async function occasionsOf(env: Env, things: readonly About[]): Promise<(thing: About) => Occasion> {
  const organizerIds = distinct(things.map(({ organizerId }) => organizerId));
  const [events, organizers, brands] = await Promise.all([
    env.EVENTS.events(distinct(things.map(({ eventId }) => eventId))),
    env.USERS.organizers(organizerIds),
    env.BRANDING.settingsOf(organizerIds),
  ]);
  const eventById = new Map(events.map((event) => [event.id, event]));
  const organizerById = new Map(organizers.map((organizer) => [organizer.id, organizer]));
  const brandById = new Map(brands.map((brand) => [brand.organizerId, brand]));
  return ({ eventId, organizerId }) => {
    const organizer = told(organizerById.get(organizerId), `organizer ${organizerId}`);
    return {
      event: told(eventById.get(eventId), `event ${eventId}`),
      organizer,
      brand: told(brandById.get(organizerId), `the look of organizer ${organizerId}`),
      siteOrigin: siteOriginOf(env, organizer.slug),
    };
  };
}

/** `<slug>.<base>` with the scheme and port by which the API is reached: both stand behind one front door. */
export function siteOriginOf({ API_ORIGIN, SITES_BASE_HOST }: Pick<Env, "API_ORIGIN" | "SITES_BASE_HOST">, slug: string): string {
  const { protocol, port } = new URL(API_ORIGIN);
  return `${protocol}//${slug}.${SITES_BASE_HOST}${port === "" ? "" : `:${port}`}`;
}

/** What was asked for by its id and has to be there. */
export function told<T>(thing: T | undefined, what: string): T {
  if (thing === undefined) throw new Error(`no mail can be written: ${what} was not told`);
  return thing;
}

const distinct = (ids: string[]): string[] => [...new Set(ids)];
