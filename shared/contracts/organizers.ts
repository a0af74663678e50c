import { z } from "zod";
import type { DomainRpc } from "./domain";
import { Id, Timestamp } from "./ids";

export const MEMBER_ROLES = ["owner", "manager", "finance", "marketing", "door"] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** What a member's role may do. The one table; a route names a permission, never a role. */
export const PERMISSIONS = {
  "organizer:read": ["owner", "manager", "finance", "marketing", "door"],
  "organizer:write": ["owner", "manager"],
  "members:read": ["owner", "manager"],
  "members:write": ["owner", "manager"],
  "events:read": ["owner", "manager", "finance", "marketing", "door"],
  "events:write": ["owner", "manager", "marketing"],
  "orders:read": ["owner", "manager", "finance"],
  "orders:refund": ["owner", "manager", "finance"],
  "branding:write": ["owner", "manager", "marketing"],
  "analytics:read": ["owner", "manager", "finance", "marketing"],
  "checkins:write": ["owner", "manager", "door"],
} as const satisfies Record<string, readonly MemberRole[]>;
export type Permission = keyof typeof PERMISSIONS;

export const may = (role: MemberRole, permission: Permission): boolean =>
  (PERMISSIONS[permission] as readonly MemberRole[]).includes(role);

export const Slug = z
  .string()
  .min(3)
  .max(63)
  .regex(/^[a-z0-9](-?[a-z0-9])*$/, "small letters, digits and single hyphens between them")
  .meta({ example: "blue-note" });

export const Organizer = z
  .object({ id: Id, name: z.string(), slug: Slug, createdAt: Timestamp, updatedAt: Timestamp })
  .meta({ id: "Organizer" });
export type Organizer = z.infer<typeof Organizer>;

export interface UsersRpc extends DomainRpc {
  /** The caller's role in an organizer's team, null when there is none. Remembered at most 5 s by the asking isolate (rule 3). */
  membership(userId: string, organizerId: string): Promise<MemberRole | null>;
  /** Organizers that the user is a member of, at most 100. */
  organizersOf(userId: string): Promise<{ organizerId: string; role: MemberRole }[]>;
  /** Organizers by id, those that exist; at most 100 ids. */
  organizers(ids: string[]): Promise<Organizer[]>;
  organizerBySlug(slug: string): Promise<Organizer | null>;
}
