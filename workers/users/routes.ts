import type { MiddlewareHandler } from "hono";
import type { Account } from "../../shared/contracts/accounts";
import { domainApp } from "../../shared/http/app";
import { readBytesOnce } from "../../shared/http/body";
import { etagOfVersion, isFresh } from "../../shared/http/etag";
import { form, pathId, query, unwrap } from "../../shared/http/form";
import { requireAdmin, requireUser } from "../../shared/http/guards";
import { ListQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { isAdmin, principalOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import { changeRole, changeStatus, listStatusChanges, RoleChange, StatusChangeDraft } from "./account-standing";
import { askAccount } from "./accounts";
import { AvatarQuery, avatarResponse, isColleague, pictureBody, readAvatar, removeAvatar, storeAvatar } from "./avatars";
import { ConsentsChange, changeConsents, readConsents } from "./consents";
import { listMemberships } from "./memberships";
import { operations } from "./operations";
import { organizerRoutes } from "./organizer-routes";
import { changePreferences, PreferencesChange, readPreferences } from "./preferences";
import { changeProfile, ProfileChange, readProfile } from "./profiles";
import { callerOf, matchedVersion, memberIdOf, PRIVATE, type UsersContext } from "./requests";
import { searchUsers, UserSearchQuery } from "./user-search";

const existingUser: MiddlewareHandler<UsersContext & { Variables: { account: Account } }> = async (c, next) => {
  const account = await askAccount(c.env, memberIdOf(c));
  if (!account) throw new Problem("user_not_found");
  c.set("account", account);
  await next();
};

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
  .get("/users/memberships", operation(operations.listMemberships), requireUser(), query(ListQuery), async (c) =>
    c.json(await listMemberships(c.env.DB, callerOf(c), c.var.query), 200, PRIVATE),
  )
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
  .route("/", organizerRoutes);
