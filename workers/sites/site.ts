import type { BrandSettings } from "../../shared/contracts/branding";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Organizer } from "../../shared/contracts/organizers";
import type { Env } from "./environment";
import { type Language, languageFor } from "./words";

/** Whose pages these are, how they look, and how their reader is spoken to. */
export interface Site {
  organizer: Organizer;
  brand: BrandSettings;
  language: Language;
  /** As the reader's browser spells it. */
  origin: string;
}

/** Null on a host that is no organizer's. The gateway names the organizer; nobody else can (rule 1). */
export async function siteOf(env: Env, request: Request): Promise<Site | null> {
  const organizerId = request.headers.get(INTERNAL_HEADERS.organizer);
  if (organizerId === null) return null;
  const [[organizer], brand] = await Promise.all([env.USERS.organizers([organizerId]), env.BRANDING.settings(organizerId)]);
  if (!organizer) return null;
  const language = languageFor(request.headers.get("accept-language") ?? undefined);
  return { organizer, brand, language, origin: new URL(request.url).origin };
}
