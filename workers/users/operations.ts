/** The pages of organizers and their teams in the OpenAPI document, beside those of people. */
import { Invitation, Member, Membership, Organizer } from "../../shared/contracts/organizers";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";
import { notModified, user, userOperations } from "./user-operations";

const organizer: Organizer = {
  id: "0197f3c4-02aa-7f0e-8d5c-55a1c4a6ec10",
  name: "The Blue Note",
  slug: "blue-note",
  createdAt: "2027-03-01T10:00:00.000Z",
  updatedAt: "2027-03-01T10:00:00.000Z",
};
const member: Member = {
  userId: user.id,
  role: "owner",
  eventIds: null,
  name: user.name,
  email: user.email,
  createdAt: organizer.createdAt,
  updatedAt: organizer.updatedAt,
};
const doorMember: Member = { ...member, role: "door", eventIds: ["0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f"] };
const membership: Membership = {
  organizer,
  role: "owner",
  eventIds: null,
  createdAt: organizer.createdAt,
  updatedAt: organizer.updatedAt,
};
/** Said of all that may make or unmake owners. */
const OWNERS = "Only an owner makes or unmakes owners, with a fresh proof of who that is, and never by an API key.";
const invitation: Invitation = {
  id: "0197f3ca-2b10-7c3d-8e4f-5a6b7c8d9e0f",
  email: "grace@bilten.example",
  role: "door",
  eventIds: doorMember.eventIds,
  invitedBy: user.id,
  createdAt: organizer.createdAt,
  expiresAt: "2027-03-08T10:00:00.000Z",
};

export const operations = {
  ...userOperations,
  createOrganizer: {
    operationId: "createOrganizer",
    summary: "Become an organizer",
    description:
      "The caller is the first owner. Some slugs belong to the platform and read as taken. One person makes fifty at most.",
    tags: ["organizers"],
    requestExample: { name: organizer.name, slug: organizer.slug },
    answers: { 201: { description: "The organizer", schema: Organizer, example: organizer } },
    refusals: ["slug_taken", "account_suspended", "email_not_verified", "too_many_organizers"],
  },
  getOrganizer: {
    operationId: "getOrganizer",
    summary: "An organizer",
    tags: ["organizers"],
    answers: { 200: { description: "The organizer", schema: Organizer, example: organizer }, 304: notModified },
    refusals: ["organizer_not_found"],
  },
  changeOrganizer: {
    operationId: "changeOrganizer",
    summary: "Change an organizer's name or slug",
    description:
      "Changes the fields present and leaves the others. A new slug is a new host and needs a fresh proof of who the caller is, and no API key; the host of the old one leads here for a year, in which nobody else takes it (the last ten). `If-Match` is optional.",
    tags: ["organizers"],
    requestExample: { name: organizer.name },
    answers: { 200: { description: "The organizer as it stands now", schema: Organizer, example: organizer } },
    refusals: ["slug_taken", "version_stale", "insufficient_user_authentication"],
  },
  listMembers: {
    operationId: "listMembers",
    summary: "An organizer's team, longest member first",
    tags: ["organizers"],
    answers: {
      200: {
        description: "A page of members",
        schema: listOf(Member).meta({ id: "Members" }),
        example: { data: [member], nextCursor: null },
      },
    },
    refusals: ["invalid_cursor"],
  },
  addMember: {
    operationId: "addMember",
    summary: "Take somebody with a verified account into the team",
    description: `Somebody with a verified account, by \`userId\` or by \`email\`. A caller may name twenty addresses a day that have none, in all organizers together; invitations tell nobody who has an account. A caller adds a hundred people a day at most; they are told by mail. Door staff may be there for some events only. A team has a thousand members at most. ${OWNERS}`,
    tags: ["organizers"],
    requestExample: { email: "grace@bilten.example", role: "door" },
    answers: { 201: { description: "The member", schema: Member, example: { ...member, role: "door" } } },
    refusals: ["user_not_found", "member_exists", "too_many_members", "rate_limited", "insufficient_user_authentication"],
  },
  getMember: {
    operationId: "getMember",
    summary: "A member of an organizer's team",
    description: "Everybody in the team sees his own membership.",
    tags: ["organizers"],
    answers: { 200: { description: "The member", schema: Member, example: doorMember }, 304: notModified },
    refusals: ["user_not_found"],
  },
  listMemberships: {
    operationId: "listMemberships",
    summary: "The teams that the caller is in, oldest organizer first",
    tags: ["users"],
    answers: {
      200: {
        description: "A page of memberships",
        schema: listOf(Membership).meta({ id: "Memberships" }),
        example: { data: [membership], nextCursor: null },
      },
    },
    refusals: ["invalid_cursor"],
  },
  changeMember: {
    operationId: "changeMember",
    summary: "Give a member another role",
    description: `Changes the fields present and leaves the others; \`If-Match\` is optional. ${OWNERS} An organizer keeps at least one owner who can sign in. \`eventIds\`, for the role \`door\`, are the events at whose door the member stands; null is all, and without it they stay. What a member invited somebody as, and may no longer, is taken back.`,
    tags: ["organizers"],
    requestExample: { role: "finance" },
    answers: { 200: { description: "The member", schema: Member, example: { ...member, role: "finance" } } },
    refusals: ["user_not_found", "last_owner", "version_stale", "insufficient_user_authentication"],
  },
  removeMember: {
    operationId: "removeMember",
    summary: "Take a member out of the team, or leave it",
    description: `Anybody may leave by himself, but for the last owner. What the member invited, and invitations to him, are taken back. ${OWNERS}`,
    tags: ["organizers"],
    answers: { 204: { description: "No longer a member" } },
    refusals: ["user_not_found", "last_owner", "insufficient_user_authentication"],
  },
  appointOwner: {
    operationId: "appointOwner",
    summary: "Name an owner where none can sign in any more",
    description:
      "For admins, with a fresh proof of who they are, where all owners are suspended or deleted. Anybody with a verified account, a member or not; the owners before stay, and count again with their accounts. The reason is kept.",
    tags: ["organizers"],
    requestExample: { userId: user.id, reason: "The only owner has deleted his account" },
    answers: { 200: { description: "The owner", schema: Member, example: member } },
    refusals: ["organizer_not_found", "user_not_found", "owner_exists", "too_many_members"],
  },
  transferOwnership: {
    operationId: "transferOwnership",
    summary: "Make another member the owner in the caller's place",
    description: "Needs a fresh proof of who the owner is. The caller is a manager afterwards.",
    tags: ["organizers"],
    requestExample: { userId: user.id },
    answers: { 200: { description: "The new owner", schema: Member, example: member } },
    refusals: ["user_not_found"],
  },
  listInvitations: {
    operationId: "listInvitations",
    summary: "Invitations that may still be accepted, oldest first",
    tags: ["organizers"],
    answers: {
      200: {
        description: "A page of invitations",
        schema: listOf(Invitation).meta({ id: "Invitations" }),
        example: { data: [invitation], nextCursor: null },
      },
    },
    refusals: ["invalid_cursor"],
  },
  invite: {
    operationId: "inviteMember",
    summary: "Ask somebody into the team by mail",
    description: `Says nothing about whether the address has an account. Good for seven days and one acceptance, and while who gave it may give it. At most a hundred a day by one person, three a day to one address by one person or organizer, ten to it by all together, and a hundred open ones. ${OWNERS}`,
    tags: ["organizers"],
    requestExample: { email: invitation.email, role: invitation.role, eventIds: invitation.eventIds },
    answers: { 201: { description: "The invitation", schema: Invitation, example: invitation } },
    refusals: ["invitation_exists", "too_many_invitations", "rate_limited", "insufficient_user_authentication"],
  },
  revokeInvitation: {
    operationId: "revokeInvitation",
    summary: "Take an invitation back",
    tags: ["organizers"],
    answers: { 204: { description: "It can no longer be accepted" } },
    refusals: ["invitation_not_found"],
  },
  showInvitation: {
    operationId: "showInvitation",
    summary: "Where the link in an invitation's mail leads",
    description: "Accepts nothing by itself: the page signs the invited in and then posts the token of the link.",
    tags: ["organizers"],
    answers: { 200: { description: "The page", contentType: "text/html" } },
  },
  acceptInvitation: {
    operationId: "acceptInvitation",
    summary: "Join the team that one was invited to",
    description: "With the mailed token, once, by who has proved the address that it was sent to.",
    tags: ["organizers"],
    requestExample: { token: "0197f3ca-2b10-7c3d-8e4f-5a6b7c8d9e0f.ZyA3Wc1lq0mQ9" },
    answers: { 201: { description: "The member", schema: Member, example: doorMember } },
    refusals: ["invalid_token", "email_not_verified", "member_exists", "too_many_members"],
  },
} as const satisfies Record<string, Operation>;
