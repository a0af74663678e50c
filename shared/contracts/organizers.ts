import { z } from "zod";
import type { DomainRpc } from "./domain";
import { Id, Timestamp } from "./ids";
import { Email, PersonName } from "./orders";

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
  "ledger:read": ["owner", "manager", "finance"],
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

export const OrganizerName = PersonName;

export const Organizer = z
  .object({ id: Id, name: z.string(), slug: Slug, createdAt: Timestamp, updatedAt: Timestamp })
  .meta({ id: "Organizer" });
export type Organizer = z.infer<typeof Organizer>;

export const OrganizerDraft = z.strictObject({ name: OrganizerName, slug: Slug }).meta({ id: "OrganizerDraft" });
export type OrganizerDraft = z.infer<typeof OrganizerDraft>;
export const OrganizerChange = OrganizerDraft.partial().meta({ id: "OrganizerChange" });
export type OrganizerChange = z.infer<typeof OrganizerChange>;

/** A person in an organizer's team, as its managers see them. */
export const Member = z
  .object({
    userId: Id,
    role: z.enum(MEMBER_ROLES),
    name: z.string(),
    email: z.string(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "Member" });
export type Member = z.infer<typeof Member>;

/** Somebody who has a verified account already, named by address or by id. */
export const MemberDraft = z
  .strictObject({ email: Email.optional(), userId: Id.optional(), role: z.enum(MEMBER_ROLES) })
  .refine((draft) => (draft.email === undefined) !== (draft.userId === undefined), {
    path: ["email"],
    message: "either email or userId",
  })
  .meta({ id: "MemberDraft" });
export type MemberDraft = z.infer<typeof MemberDraft>;
export const MemberChange = z.strictObject({ role: z.enum(MEMBER_ROLES) }).meta({ id: "MemberChange" });

export interface UsersRpc extends DomainRpc {
  /**
   * The role that counts in an organizer's team, null where there is none: nobody's who is suspended or deleted, and of door staff that
   * is there for some events only that at those alone, so that it needs the event's id. Remembered at most 5 s by the asking isolate
   * (rule 3).
   */
  membership(userId: string, organizerId: string, eventId?: string): Promise<MemberRole | null>;
  /** Organizers by id, those that exist; at most 100 ids. */
  organizers(ids: string[]): Promise<Organizer[]>;
  organizerBySlug(slug: string): Promise<Organizer | null>;
  /** The mail address of an account that has proved it, as auth says it now; null of any other. */
  verifiedEmail(userId: string): Promise<string | null>;
}
