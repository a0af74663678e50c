import type { BrandSettings } from "../../shared/contracts/branding";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Organizer } from "../../shared/contracts/organizers";
import type { Env } from "./environment";

/** Whose pages these are, and how they look. */
export interface Site {
  organizer: Organizer;
  brand: BrandSettings;
}

/** Null on a host that is no organizer's. The gateway names the organizer; nobody else can (rule 1). */
export async function siteOf(env: Env, request: Request): Promise<Site | null> {
  const organizerId = request.headers.get(INTERNAL_HEADERS.organizer);
  if (organizerId === null) return null;
  const [[organizer], brand] = await Promise.all([env.USERS.organizers([organizerId]), env.BRANDING.settings(organizerId)]);
  return organizer ? { organizer, brand } : null;
}
