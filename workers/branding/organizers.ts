import type { Context } from "hono";
import { z } from "zod";
import { Id } from "../../shared/contracts/ids";
import type { Permission } from "../../shared/contracts/organizers";
import { organizerOfBody } from "../../shared/http/body-organizer";
import { errorsOf, pathId } from "../../shared/http/form";
import { memberGuard } from "../../shared/http/guards";
import { rememberedMembership } from "../../shared/http/memberships";
import { Problem } from "../../shared/http/problem";
import { readAsset } from "./assets";
import type { Env } from "./environment";
import { maxBytesOf, organizerOfQuery, readUpload } from "./upload";

type BrandingContext = Context<{ Bindings: Env }>;

export async function organizerExists(env: Env, organizerId: string): Promise<boolean> {
  return (await env.USERS.organizers([organizerId])).length > 0;
}

/** The organizer stands in the body; that he exists is public. */
export const requireMember = memberGuard<{ Bindings: Env }>({
  subjectOf: async (c: BrandingContext) => {
    const organizerId = await organizerOfBody(c);
    return { organizerId, visible: () => organizerExists(c.env, organizerId) };
  },
  membership: (c, userId, organizerId, permission) => rememberedMembership(c.env.USERS, userId, organizerId, permission),
  notFound: "organizer_not_found",
});

const membership = (c: BrandingContext, userId: string, organizerId: string, permission: Permission) =>
  rememberedMembership(c.env.USERS, userId, organizerId, permission);

/** The organizer stands in the address, or inside the form with the file. */
export const requireUploader = memberGuard<{ Bindings: Env }>({
  maxFileBytes: maxBytesOf,
  subjectOf: async (c: BrandingContext) => {
    const organizerId = organizerOfQuery(c) ?? (await readUpload(c)).organizerId;
    return { organizerId, visible: () => organizerExists(c.env, organizerId) };
  },
  membership,
  notFound: "organizer_not_found",
});

const NamesOrganizer = z.object({ organizerId: Id });

/** The organizer stands in the query. */
export const requireMemberOfQuery = memberGuard<{ Bindings: Env }>({
  subjectOf: async (c: BrandingContext) => {
    const named = NamesOrganizer.safeParse(c.req.query());
    if (!named.success) throw new Problem("invalid_query", { errors: errorsOf(named.error) });
    return { organizerId: named.data.organizerId, visible: () => organizerExists(c.env, named.data.organizerId) };
  },
  membership,
  notFound: "organizer_not_found",
});

/** Everybody may see an asset, so that its being there is no secret. */
export const requireMemberOfAsset = memberGuard<{ Bindings: Env }>({
  subjectOf: async (c: BrandingContext) => {
    const asset = await readAsset(c.env.DB, pathId(c, "assetId", "asset_not_found"));
    return asset && { organizerId: asset.organizerId, visible: true };
  },
  membership,
  notFound: "asset_not_found",
});
