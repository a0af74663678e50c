/** The way from an event's page to its waiting list. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Html } from "./page";
import type { OfferedType } from "./ticket-form";
import type { Language } from "./words";

/** Joining, beside the path of each entry. */
export const joinPath = (eventId: string): string => `/w/${eventId}`;

/** On the event's page, where something that one might want is gone. */
export const waitlistOffer = (event: PublishedEvent, types: readonly OfferedType[], { words }: Language): Html | string =>
  event.settings.allowWaitlist && types.some(({ status }) => status === "sold_out")
    ? html`<p class="ways"><a href="${joinPath(event.id)}">${words.joinWaitlist}</a></p>`
    : "";
