import { z } from "zod";
import type { DomainRpc } from "./domain";
import { Id, Timestamp } from "./ids";
import { Email, PersonName } from "./orders";
import { Lines } from "./text";

export const MEMBER_ROLES = ["owner", "manager", "finance", "marketing", "door"] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

/** What a member's role may do. The one table; a route names a permission, never a role. */
export const PERMISSIONS = {
  "organizer:read": ["owner", "manager", "finance", "marketing", "door"],
  "organizer:write": ["owner", "manager"],
  "members:read": ["owner", "manager"],
  "members:write": ["owner", "manager"],
  "ownership:transfer": ["owner"],
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

/** Events of one grant. */
const MAX_GRANTED_EVENTS = 100;
/** The events at whose door somebody stands; null is all of the organizer's. What is not an event of his opens nothing. */
const EventIds = z.array(Id).min(1).max(MAX_GRANTED_EVENTS).nullable();
const grant = { role: z.enum(MEMBER_ROLES), eventIds: EventIds.optional() };
const isOfDoor = ({ role, eventIds }: { role: MemberRole; eventIds?: string[] | null | undefined }): boolean =>
  role === "door" || (eventIds ?? null) === null;
const OF_DOOR = { path: ["eventIds"], message: "only of the role door" };

/** A person in an organizer's team, as its managers see them. */
export const Member = z
  .object({
    userId: Id,
    role: z.enum(MEMBER_ROLES),
    eventIds: EventIds,
    name: z.string(),
    email: z.string(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "Member" });
export type Member = z.infer<typeof Member>;

/** Somebody who has a verified account already, named by address or by id. */
export const MemberDraft = z
  .strictObject({ email: Email.optional(), userId: Id.optional(), ...grant })
  .refine((draft) => (draft.email === undefined) !== (draft.userId === undefined), {
    path: ["email"],
    message: "either email or userId",
  })
  .refine(isOfDoor, OF_DOOR)
  .meta({ id: "MemberDraft" });
export type MemberDraft = z.infer<typeof MemberDraft>;
/** What a membership consists of. */
export interface MemberGrant {
  role: MemberRole;
  eventIds?: string[] | null | undefined;
}
export const MemberChange = z
  .strictObject(grant)
  .partial()
  .refine(({ role, eventIds }) => role === undefined || isOfDoor({ role, eventIds }), OF_DOOR)
  .meta({ id: "MemberChange" });
export type MemberChange = z.infer<typeof MemberChange>;
/** A team that somebody is in, as he sees it himself. */
export const Membership = z
  .object({ organizer: Organizer, role: z.enum(MEMBER_ROLES), eventIds: EventIds, createdAt: Timestamp, updatedAt: Timestamp })
  .meta({ id: "Membership" });
export type Membership = z.infer<typeof Membership>;
export const OwnerAppointment = z
  .strictObject({ userId: Id, reason: Lines.trim().min(1).max(1000) })
  .meta({ id: "OwnerAppointment" });
export type OwnerAppointment = z.infer<typeof OwnerAppointment>;
export const OwnershipTransfer = z.strictObject({ userId: Id }).meta({ id: "OwnershipTransfer" });

/** Who is asked to join, until he does, the week is over, or somebody takes it back. */
export const Invitation = z
  .object({
    id: Id,
    email: z.string(),
    role: z.enum(MEMBER_ROLES),
    eventIds: EventIds,
    invitedBy: Id,
    createdAt: Timestamp,
    expiresAt: Timestamp,
  })
  .meta({ id: "Invitation" });
export type Invitation = z.infer<typeof Invitation>;
export const InvitationDraft = z
  .strictObject({ email: Email, ...grant })
  .refine(isOfDoor, OF_DOOR)
  .meta({ id: "InvitationDraft" });
export type InvitationDraft = z.infer<typeof InvitationDraft>;
export const InvitationToken = z.strictObject({ token: z.string().min(1).max(200) }).meta({ id: "InvitationToken" });

/** What a mail of an invitation says; only users can complete it, because the token is derived there (rule 21). */
export interface InvitationMail {
  id: string;
  to: string;
  organizerName: string;
  inviterName: string;
  role: MemberRole;
  /** Null where he was taken in without being asked: there is nothing to accept. */
  token: string | null;
  /** BCP 47; null where neither the invited nor the inviter said what they read. */
  locale: string | null;
}

/** What a mail is written by. */
export interface ReadingHabits {
  userId: string;
  /** BCP 47. */
  locale: string;
  /** IANA. */
  timezone: string;
}

export interface UsersRpc extends DomainRpc {
  /**
   * The role that counts in an organizer's team, null where there is none: nobody's who is suspended or deleted, and of door staff that
   * is there for some events only that at those alone, so that it needs the event's id. Remembered at most 5 s by the asking isolate
   * (rule 3).
   */
  membership(userId: string, organizerId: string, eventId?: string): Promise<MemberRole | null>;
  /** What mails of these invitations say; those that were accepted, taken back or are over, or that nobody could give now, are left out. At most 100 ids. */
  invitationMails(ids: string[]): Promise<InvitationMail[]>;
  /** How people read, of those who said so; at most 100 ids. */
  readingHabits(userIds: string[]): Promise<ReadingHabits[]>;
  /** Organizers by id, those that exist; at most 100 ids. */
  organizers(ids: string[]): Promise<Organizer[]>;
  /** By what he is called, or was within a year. */
  organizerBySlug(slug: string): Promise<Organizer | null>;
  /** The mail address of an account that has proved it, as auth says it now; null of any other. */
  verifiedEmail(userId: string): Promise<string | null>;
}
