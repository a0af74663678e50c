/** The pages of people in the OpenAPI document. */
import { User } from "../../shared/contracts/accounts";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";
import { RASTER_TYPES } from "../../shared/pictures/raster";
import { StatusChange } from "./account-standing";
import { Consents } from "./consents";
import { Preferences } from "./preferences";
import { Profile } from "./profiles";

export const user: User = {
  id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  email: "ada@bilten.example",
  name: "Ada Lovelace",
  role: "user",
  status: "active",
  emailVerified: true,
  mfaEnabled: false,
  createdAt: "2027-03-01T09:30:00.000Z",
  updatedAt: "2027-03-01T09:32:00.000Z",
};
const profile: Profile = { ...user, phone: "+431234567", bio: "Runs the door on Thursdays.", avatarUrl: null };
const preferences: Preferences = {
  locale: "de-AT",
  timezone: "Europe/Vienna",
  currency: "EUR",
  channels: { email: true, sms: false, push: false },
};
const statusChange: StatusChange = {
  id: "0197f3c9-0c11-7d4b-9a77-2f0f6b8f1a55",
  userId: user.id,
  status: "suspended",
  reason: "Chargebacks on stolen cards",
  actorId: "0197f3c9-1111-7d4b-9a77-2f0f6b8f1a55",
  createdAt: "2027-03-01T11:00:00.000Z",
};
const consents: Consents = {
  marketing: { granted: true, decidedAt: "2027-03-01T09:40:00.000Z" },
  analytics: { granted: false, decidedAt: "2027-03-01T09:40:00.000Z" },
  personalization: { granted: false, decidedAt: null },
};
export const notModified = { description: "The copy named in `If-None-Match` is the current one" };

export const userOperations = {
  getProfile: {
    operationId: "getProfile",
    summary: "The caller's own profile",
    tags: ["users"],
    answers: { 200: { description: "The profile", schema: Profile, example: profile }, 304: notModified },
    refusals: ["user_not_found"],
  },
  changeProfile: {
    operationId: "changeProfile",
    summary: "Change the caller's own profile",
    description: "Changes the fields present and leaves the others; null empties one. `If-Match` is optional.",
    tags: ["users"],
    requestExample: { name: "Ada Lovelace", phone: "+431234567" },
    answers: { 200: { description: "The profile as it stands now", schema: Profile, example: profile } },
    refusals: ["user_not_found", "version_stale"],
  },
  getUser: {
    operationId: "getUser",
    summary: "A user, for themselves and for platform admins",
    tags: ["users"],
    answers: { 200: { description: "The user", schema: User, example: user } },
    refusals: ["user_not_found"],
  },
  changeAvatar: {
    operationId: "changeAvatar",
    summary: "Show another picture",
    description:
      "The body is the picture itself: PNG, JPEG or WebP, at most 1 MiB, 16 million pixels and 8,000 a side, and it must not move. What a camera wrote into it is left out. Twenty in ten minutes. `If-Match`, of the profile, is optional.",
    tags: ["users"],
    answers: { 200: { description: "The profile as it stands now", schema: Profile, example: profile } },
    refusals: ["user_not_found", "asset_type_unsupported", "asset_broken", "asset_too_large", "state_moved", "version_stale"],
  },
  removeAvatar: {
    operationId: "removeAvatar",
    summary: "Show no picture any more",
    tags: ["users"],
    answers: { 204: { description: "None is shown" } },
  },
  getAvatar: {
    operationId: "getAvatar",
    summary: "A user's picture, for themselves, for who works in a team with them, and for platform admins",
    description: "Its address, `avatarUrl` of the profile, changes with the picture.",
    tags: ["users"],
    answers: { 200: { description: "The picture", contentTypes: RASTER_TYPES }, 304: notModified },
    refusals: ["avatar_not_found"],
  },
  getPreferences: {
    operationId: "getPreferences",
    summary: "How the caller wants to be spoken to",
    tags: ["users"],
    answers: { 200: { description: "The preferences", schema: Preferences, example: preferences }, 304: notModified },
  },
  changePreferences: {
    operationId: "changePreferences",
    summary: "Choose a language, a time zone, a currency, and by which channels to hear",
    description: "Changes the fields present and leaves the others. `If-Match` is optional.",
    tags: ["users"],
    requestExample: { locale: "de-AT", channels: { sms: true } },
    answers: { 200: { description: "The preferences as they stand now", schema: Preferences, example: preferences } },
    refusals: ["version_stale"],
  },
  getConsents: {
    operationId: "getConsents",
    summary: "What the caller agreed to",
    tags: ["users"],
    answers: { 200: { description: "Each purpose", schema: Consents, example: consents }, 304: notModified },
  },
  changeConsents: {
    operationId: "changeConsents",
    summary: "Agree, or agree no longer",
    description:
      "Decides about the purposes present; each decision is kept with its time. What was decided a thousand times can be withdrawn, and agreed to no more. `If-Match` is optional.",
    tags: ["users"],
    requestExample: { marketing: false },
    answers: { 200: { description: "The consents as they stand now", schema: Consents, example: consents } },
    refusals: ["version_stale", "too_many_decisions"],
  },
  searchUsers: {
    operationId: "searchUsers",
    summary: "Look for people by name, address, role and status",
    description:
      "`q` is the beginning of a name, without regard to case and accents, of a later word of it on (of its first eight), or of an address. They come in this order, each in its own; without `q` all by address. A page may be shorter than `limit`, or empty, while `nextCursor` leads on.",
    tags: ["users"],
    answers: {
      200: {
        description: "A page of users",
        schema: listOf(User).meta({ id: "Users" }),
        example: { data: [user], nextCursor: null },
      },
    },
  },
  changeRole: {
    operationId: "changeUserRole",
    summary: "Give a user another role on the platform",
    description: "Needs a fresh proof of who the admin is. Nobody changes his own. `If-Match` is optional.",
    tags: ["users"],
    requestExample: { role: "organizer" },
    answers: { 200: { description: "The user", schema: User, example: { ...user, role: "organizer" } } },
    refusals: ["user_not_found", "account_state", "version_stale"],
  },
  changeStatus: {
    operationId: "changeUserStatus",
    summary: "Suspend an account, let it in again, or delete it",
    description:
      "Needs a fresh proof of who the admin is; the reason is kept. Sessions of an account that is suspended or deleted end, and its memberships do not count: an organizer whose only owner is suspended goes on by its managers, and has its owner back with the account. A deleted account stays deleted, and one that nobody has confirmed has no status to change. Nobody changes his own. `If-Match` is optional.",
    tags: ["users"],
    requestExample: { status: "suspended", reason: "Chargebacks on stolen cards" },
    answers: { 200: { description: "The user", schema: User, example: { ...user, status: "suspended" } } },
    refusals: ["user_not_found", "account_state", "version_stale"],
  },
  listStatusChanges: {
    operationId: "listUserStatusChanges",
    summary: "Why an account was suspended, deleted or let in again, newest first",
    tags: ["users"],
    answers: {
      200: {
        description: "A page of decisions",
        schema: listOf(StatusChange).meta({ id: "StatusChanges" }),
        example: { data: [statusChange], nextCursor: null },
      },
    },
    refusals: ["user_not_found"],
  },
} as const satisfies Record<string, Operation>;
