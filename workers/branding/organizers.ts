import type { Context } from "hono";
import type { Permission } from "../../shared/contracts/organizers";
import { pathId } from "../../shared/http/form";
import { memberGuard } from "../../shared/http/guards";
import { rememberedMembership } from "../../shared/http/memberships";
import { ofOrganizer, organizerOfBody, organizerOfQuery } from "../../shared/http/named-organizer";
import { readAsset } from "./assets";
import type { Env } from "./environment";
import { maxBytesOf, organizerOfAddress, readUpload } from "./upload";

type BrandingContext = Context<{ Bindings: Env }>;

export async function organizerExists(env: Env, organizerId: string): Promise<boolean> {
  return (await env.USERS.organizers([organizerId])).length > 0;
}

const membership = (c: BrandingContext, userId: string, organizerId: string, permission: Permission) =>
  rememberedMembership(c.env.USERS, userId, organizerId, permission);

/** The organizer stands in the body. */
export const requireMember = memberGuard<{ Bindings: Env }>({
  subjectOf: async (c: BrandingContext) => ofOrganizer(c.env.USERS, await organizerOfBody(c)),
  membership,
  notFound: "organizer_not_found",
});

/** The organizer stands in the address, or inside the form with the file. */
export const requireUploader = memberGuard<{ Bindings: Env }>({
  maxFileBytes: maxBytesOf,
  subjectOf: async (c: BrandingContext) => ofOrganizer(c.env.USERS, organizerOfAddress(c) ?? (await readUpload(c)).organizerId),
  membership,
  notFound: "organizer_not_found",
});

/** The organizer stands in the query. */
export const requireMemberOfQuery = memberGuard<{ Bindings: Env }>({
  subjectOf: async (c: BrandingContext) => ofOrganizer(c.env.USERS, organizerOfQuery(c)),
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
