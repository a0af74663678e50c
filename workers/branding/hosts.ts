/** Whose host this is. Custom domains get their table with the route that verifies them; until then a host is a slug under the base. */
import { Slug } from "../../shared/contracts/organizers";
import type { Env } from "./environment";

/** The name as a resolver compares it: no port, no final dot, small letters (RFC 4343). */
export const canonicalHost = (host: string): string => host.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");

/** `<slug>` of `<slug>.<base>`, null for the base itself, for deeper names and for everything else. */
export function slugOfHost(host: string, base: string): string | null {
  const name = canonicalHost(host);
  const suffix = `.${canonicalHost(base)}`;
  if (!name.endsWith(suffix)) return null;
  const slug = Slug.safeParse(name.slice(0, -suffix.length));
  return slug.success ? slug.data : null;
}

export async function organizerOfHost(env: Env, host: string): Promise<{ organizerId: string; slug: string } | null> {
  const slug = slugOfHost(host, env.SITES_BASE_HOST);
  if (slug === null) return null;
  const organizer = await env.USERS.organizerBySlug(slug);
  return organizer && { organizerId: organizer.id, slug: organizer.slug };
}
