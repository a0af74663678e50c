import type { Context, MiddlewareHandler } from "hono";
import type { Account } from "../../shared/contracts/accounts";
import {
  InvitationDraft,
  InvitationToken,
  MemberChange,
  MemberDraft,
  OrganizerChange,
  OrganizerDraft,
  OwnershipTransfer,
} from "../../shared/contracts/organizers";
import { domainApp } from "../../shared/http/app";
import { readBytesOnce } from "../../shared/http/body";
import { checkIfMatch, etagOfVersion, isFresh } from "../../shared/http/etag";
import { form, pathId, query, unwrap } from "../../shared/http/form";
import { anyone, memberGuard, requireAdmin, requireUser } from "../../shared/http/guards";
import { ListQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { isAdmin, principalOf, userIdOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import { changeRole, changeStatus, listStatusChanges, RoleChange, StatusChangeDraft } from "./account-standing";
import { askAccount } from "./accounts";
import { AvatarQuery, avatarResponse, isColleague, pictureBody, readAvatar, removeAvatar, storeAvatar } from "./avatars";
import { ConsentsChange, changeConsents, readConsents } from "./consents";
import { invitationPage } from "./invitation-page";
import { acceptInvitation, invite, listInvitations, revokeInvitation } from "./invitations";
import { addMember, changeMember, findMember, listMembers, removeMember, standingRole, transferOwnership } from "./members";
import { operations } from "./operations";
import { changeOrganizer, createOrganizer, findOrganizer, organizerOf } from "./organizers";
import { changePreferences, PreferencesChange, readPreferences } from "./preferences";
import { changeProfile, ProfileChange, readProfile } from "./profiles";
import { searchUsers, UserSearchQuery } from "./user-search";

type UsersContext = { Bindings: UsersEnv };

const organizerIdOf = (c: Context): string => pathId(c, "organizerId", "organizer_not_found");
const memberIdOf = (c: Context): string => pathId(c, "userId", "user_not_found");

/** Organizers are public, so that a stranger hears 403. The team is read where it is written, without any memory. */
const requireMember = memberGuard<UsersContext>({
  subjectOf: async (c) => {
    const organizer = await findOrganizer(c.env, organizerIdOf(c));
    return organizer ? { organizerId: organizer.id, visible: true } : null;
  },
  membership: (c, userId, organizerId) => standingRole(c.env, userId, organizerId),
  notFound: "organizer_not_found",
});

/** The same where anybody may do to his own membership what others need the permission for: leave. */
const requireMemberOrSelf = memberGuard<UsersContext>({
  subjectOf: async (c) => {
    const organizer = await findOrganizer(c.env, organizerIdOf(c));
    return organizer ? { organizerId: organizer.id, visible: true } : null;
  },
  membership: (c, userId, organizerId) => standingRole(c.env, userId, organizerId),
  isOwn: (c, userId) => c.req.param("userId")?.toLowerCase() === userId,
  notFound: "organizer_not_found",
});

/** Whether there is such a member comes before whether the body is one. */
const existingMember: MiddlewareHandler<UsersContext> = async (c, next) => {
  if (!(await findMember(c.env, organizerIdOf(c), memberIdOf(c)))) throw new Problem("user_not_found");
  await next();
};

const existingUser: MiddlewareHandler<UsersContext & { Variables: { account: Account } }> = async (c, next) => {
  const account = await askAccount(c.env, memberIdOf(c));
  if (!account) throw new Problem("user_not_found");
  c.set("account", account);
  await next();
};

/** Behind `requireUser`. */
function callerOf(c: Context): string {
  const userId = userIdOf(principalOf(c));
  if (userId === null) throw new Problem("credential_missing");
  return userId;
}

/** The version that `If-Match` insists on, null when the caller takes any. */
function matchedVersion(c: Context, version: number): number | null {
  checkIfMatch(c, etagOfVersion(version));
  return (c.req.header("if-match") ?? "*").trim() === "*" ? null : version;
}

const PRIVATE = { "cache-control": "private, no-cache" };

export const app = domainApp<UsersEnv>()
  .get("/users/profile", operation(operations.getProfile), requireUser(), async (c) => {
    const { profile, version } = unwrap(await readProfile(c.env, callerOf(c)));
    const headers = { etag: etagOfVersion(version), ...PRIVATE };
    return isFresh(c, headers.etag) ? c.body(null, 304, headers) : c.json(profile, 200, headers);
  })
  .put("/users/profile", operation(operations.changeProfile), requireUser(), form(ProfileChange), async (c) => {
    const ifVersion = matchedVersion(c, unwrap(await readProfile(c.env, callerOf(c))).version);
    const { profile, version } = unwrap(await changeProfile(c.env, callerOf(c), c.var.form, ifVersion, Date.now()));
    return c.json(profile, 200, { etag: etagOfVersion(version), ...PRIVATE });
  })
  .put("/users/profile/avatar", operation(operations.changeAvatar), requireUser(), pictureBody, async (c) => {
    const before = unwrap(await readProfile(c.env, callerOf(c)));
    const ifVersion = matchedVersion(c, before.version) === null ? null : before.ownVersion;
    unwrap(await storeAvatar(c.env, callerOf(c), await readBytesOnce(c.req.raw), ifVersion, Date.now()));
    const { profile, version } = unwrap(await readProfile(c.env, callerOf(c)));
    return c.json(profile, 200, { etag: etagOfVersion(version), ...PRIVATE });
  })
  .delete("/users/profile/avatar", operation(operations.removeAvatar), requireUser(), async (c) => {
    await removeAvatar(c.env, callerOf(c), Date.now());
    return c.body(null, 204);
  })
  .get("/users/preferences", operation(operations.getPreferences), requireUser(), async (c) => {
    const { preferences, version } = await readPreferences(c.env.DB, callerOf(c));
    const headers = { etag: etagOfVersion(version), ...PRIVATE };
    return isFresh(c, headers.etag) ? c.body(null, 304, headers) : c.json(preferences, 200, headers);
  })
  .put("/users/preferences", operation(operations.changePreferences), requireUser(), form(PreferencesChange), async (c) => {
    const ifVersion = matchedVersion(c, (await readPreferences(c.env.DB, callerOf(c))).version);
    const changed = unwrap(await changePreferences(c.env.DB, callerOf(c), c.var.form, ifVersion, Date.now()));
    return c.json(changed.preferences, 200, { etag: etagOfVersion(changed.version), ...PRIVATE });
  })
  .get("/users/consents", operation(operations.getConsents), requireUser(), async (c) => {
    const { consents, version } = await readConsents(c.env.DB, callerOf(c));
    const headers = { etag: etagOfVersion(version), ...PRIVATE };
    return isFresh(c, headers.etag) ? c.body(null, 304, headers) : c.json(consents, 200, headers);
  })
  .put("/users/consents", operation(operations.changeConsents), requireUser(), form(ConsentsChange), async (c) => {
    const ifVersion = matchedVersion(c, (await readConsents(c.env.DB, callerOf(c))).version);
    const changed = unwrap(await changeConsents(c.env.DB, callerOf(c), c.var.form, ifVersion, Date.now()));
    return c.json(changed.consents, 200, { etag: etagOfVersion(changed.version), ...PRIVATE });
  })
  .get("/users/search", operation(operations.searchUsers), requireAdmin(), query(UserSearchQuery), async (c) =>
    c.json(await searchUsers(c.env.DB, c.var.query), 200, PRIVATE),
  )
  .put(
    "/users/:userId/role",
    operation(operations.changeRole),
    requireAdmin({ stepUp: true }),
    existingUser,
    form(RoleChange),
    async (c) => {
      const ifVersion = matchedVersion(c, c.var.account.version);
      const changed = unwrap(await changeRole(c.env, callerOf(c), memberIdOf(c), c.var.form.role, ifVersion));
      const { version, ...user } = changed;
      return c.json(user, 200, { etag: etagOfVersion(version), ...PRIVATE });
    },
  )
  .put(
    "/users/:userId/status",
    operation(operations.changeStatus),
    requireAdmin({ stepUp: true }),
    existingUser,
    form(StatusChangeDraft),
    async (c) => {
      const ifVersion = matchedVersion(c, c.var.account.version);
      const changed = unwrap(await changeStatus(c.env, callerOf(c), memberIdOf(c), c.var.form, Date.now(), ifVersion));
      const { version, ...user } = changed;
      return c.json(user, 200, { etag: etagOfVersion(version), ...PRIVATE });
    },
  )
  .get(
    "/users/:userId/status-changes",
    operation(operations.listStatusChanges),
    requireAdmin(),
    existingUser,
    query(ListQuery),
    async (c) => c.json(await listStatusChanges(c.env.DB, memberIdOf(c), c.var.query), 200, PRIVATE),
  )
  .get("/users/:userId/avatar", operation(operations.getAvatar), requireUser(), query(AvatarQuery), async (c) => {
    const userId = pathId(c, "userId", "avatar_not_found");
    const isSeen = isAdmin(principalOf(c)) || (await isColleague(c.env.DB, callerOf(c), userId));
    const avatar = isSeen ? await readAvatar(c.env.DB, userId) : null;
    const { id = avatar?.id } = c.var.query;
    const response = avatar?.id === id && avatar ? await avatarResponse(c, c.env, avatar) : null;
    if (!response) throw new Problem("avatar_not_found");
    return response;
  })
  .get("/users/:userId", operation(operations.getUser), requireUser(), async (c) => {
    const userId = pathId(c, "userId", "user_not_found");
    const account = userId === callerOf(c) || isAdmin(principalOf(c)) ? await askAccount(c.env, userId) : null;
    if (!account) throw new Problem("user_not_found");
    const { version, ...user } = account;
    return c.json(user, 200, { etag: etagOfVersion(version), ...PRIVATE });
  })
  .post("/organizers", operation(operations.createOrganizer), requireUser(), form(OrganizerDraft), async (c) => {
    const organizer = unwrap(await createOrganizer(c.env, callerOf(c), c.var.form, Date.now()));
    return c.json(organizerOf(organizer), 201, { etag: etagOfVersion(organizer.version) });
  })
  .get("/organizers/:organizerId", operation(operations.getOrganizer), anyone(), async (c) => {
    const organizer = await findOrganizer(c.env, organizerIdOf(c));
    if (!organizer) throw new Problem("organizer_not_found");
    const headers = { etag: etagOfVersion(organizer.version), "cache-control": "no-cache" };
    return isFresh(c, headers.etag) ? c.body(null, 304, headers) : c.json(organizerOf(organizer), 200, headers);
  })
  .put(
    "/organizers/:organizerId",
    operation(operations.changeOrganizer),
    requireMember("organizer:write"),
    form(OrganizerChange),
    async (c) => {
      const before = await findOrganizer(c.env, organizerIdOf(c));
      const ifVersion = before ? matchedVersion(c, before.version) : null;
      const organizer = unwrap(await changeOrganizer(c.env, organizerIdOf(c), c.var.form, ifVersion, Date.now()));
      return c.json(organizerOf(organizer), 200, { etag: etagOfVersion(organizer.version) });
    },
  )
  .get(
    "/organizers/:organizerId/members",
    operation(operations.listMembers),
    requireMember("members:read"),
    query(ListQuery),
    async (c) => c.json(await listMembers(c.env, organizerIdOf(c), c.var.query), 200, PRIVATE),
  )
  .post(
    "/organizers/:organizerId/members",
    operation(operations.addMember),
    requireMember("members:write"),
    form(MemberDraft),
    async (c) => c.json(unwrap(await addMember(c.env, callerOf(c), organizerIdOf(c), c.var.form, Date.now())), 201),
  )
  .put(
    "/organizers/:organizerId/members/:userId",
    operation(operations.changeMember),
    requireMember("members:write"),
    existingMember,
    form(MemberChange),
    async (c) => c.json(unwrap(await changeMember(c.env, callerOf(c), organizerIdOf(c), memberIdOf(c), c.var.form, Date.now()))),
  )
  .delete(
    "/organizers/:organizerId/members/:userId",
    operation(operations.removeMember),
    requireMemberOrSelf("members:write"),
    async (c) => {
      unwrap(await removeMember(c.env, callerOf(c), organizerIdOf(c), memberIdOf(c), Date.now()));
      return c.body(null, 204);
    },
  )
  .post(
    "/organizers/:organizerId/transfer-ownership",
    operation(operations.transferOwnership),
    requireMember("ownership:transfer", { stepUp: true }),
    form(OwnershipTransfer),
    async (c) => c.json(unwrap(await transferOwnership(c.env, callerOf(c), organizerIdOf(c), c.var.form.userId, Date.now()))),
  )
  .get(
    "/organizers/:organizerId/invitations",
    operation(operations.listInvitations),
    requireMember("members:read"),
    query(ListQuery),
    async (c) => c.json(await listInvitations(c.env.DB, organizerIdOf(c), c.var.query, Date.now()), 200, PRIVATE),
  )
  .post(
    "/organizers/:organizerId/invitations",
    operation(operations.invite),
    requireMember("members:write"),
    form(InvitationDraft),
    async (c) => {
      const invited = await invite(c.env, c.executionCtx, callerOf(c), organizerIdOf(c), c.var.form, Date.now());
      return c.json(unwrap(invited), 201, PRIVATE);
    },
  )
  .delete(
    "/organizers/:organizerId/invitations/:invitationId",
    operation(operations.revokeInvitation),
    requireMember("members:write"),
    async (c) => {
      const invitationId = pathId(c, "invitationId", "invitation_not_found");
      unwrap(await revokeInvitation(c.env.DB, organizerIdOf(c), invitationId, Date.now()));
      return c.body(null, 204);
    },
  )
  .get(
    "/organizers/invitations/accept",
    operation(operations.showInvitation),
    anyone({ badCredential: "ignored" }),
    async (c) => {
      const { html, headers } = await invitationPage(c.req.header("accept-language"));
      return c.html(html, 200, headers);
    },
  )
  .post(
    "/organizers/invitations/accept",
    operation(operations.acceptInvitation),
    requireUser(),
    form(InvitationToken),
    async (c) => c.json(unwrap(await acceptInvitation(c.env, callerOf(c), c.var.form.token, Date.now())), 201),
  );
