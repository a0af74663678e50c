/** Organizers, their teams, and the invitations into these. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import {
  InvitationDraft,
  InvitationToken,
  MemberChange,
  MemberDraft,
  OrganizerChange,
  OrganizerDraft,
  OwnerAppointment,
  OwnershipTransfer,
} from "../../shared/contracts/organizers";
import { etagOfVersion, isFresh } from "../../shared/http/etag";
import { form, pathId, query, unwrap } from "../../shared/http/form";
import {
  anyone,
  checkFresh,
  lackOfProof,
  type MembershipQuestions,
  memberGuard,
  requireAdmin,
  requireUser,
} from "../../shared/http/guards";
import { ListQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { principalOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import { invitationPage } from "./invitation-page";
import { acceptInvitation, invite, listInvitations, revokeInvitation } from "./invitations";
import { addMember, changeMember, removeMember } from "./members";
import { standingRole } from "./memberships";
import { operations } from "./operations";
import { changeOrganizer, createOrganizer, findOrganizer, organizerOf } from "./organizers";
import { appointOwner, mayDecide, type TeamCaller, transferOwnership } from "./ownership";
import { callerOf, matchedVersion, memberIdOf, PRIVATE, type UsersContext } from "./requests";
import { findMember, listMembers, type StoredMember } from "./team";

const organizerIdOf = (c: Context): string => pathId(c, "organizerId", "organizer_not_found");

/** Organizers are public, so that a stranger hears 403. The team is read where it is written, without any memory. */
const ofOrganizer: MembershipQuestions<UsersContext> = {
  subjectOf: async (c) => {
    const organizer = await findOrganizer(c.env, organizerIdOf(c));
    return organizer ? { organizerId: organizer.id, visible: true } : null;
  },
  membership: (c, userId, organizerId) => standingRole(c.env, userId, organizerId),
  notFound: "organizer_not_found",
};
const requireMember = memberGuard(ofOrganizer);

/** The same where anybody may do to his own membership what others need the permission for: see it, and leave. */
const requireMemberOrSelf = memberGuard<UsersContext>({
  ...ofOrganizer,
  isOwn: (c, userId) => c.req.param("userId")?.toLowerCase() === userId,
});

/** Whether there is such a member comes before whether the body is one. */
const existingMember: MiddlewareHandler<UsersContext & { Variables: { found: StoredMember } }> = async (c, next) => {
  const found = await findMember(c.env, organizerIdOf(c), memberIdOf(c));
  if (!found) throw new Problem("user_not_found");
  c.set("found", found);
  await next();
};

const existingOrganizer: MiddlewareHandler<UsersContext> = async (c, next) => {
  if (!(await findOrganizer(c.env, organizerIdOf(c)))) throw new Problem("organizer_not_found");
  await next();
};

/** Behind `requireMember`. */
const teamCallerOf = (c: Context): TeamCaller => ({ userId: callerOf(c), lack: lackOfProof(principalOf(c), Date.now()) });

const memberAnswer = (c: Context, { member, version }: StoredMember, status: 200 | 201 = 200) =>
  c.json(member, status, { etag: etagOfVersion(version), ...PRIVATE });

export const organizerRoutes = new Hono<UsersContext>()
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
      const { slug } = c.var.form;
      if (slug !== undefined && slug !== before?.slug) checkFresh(principalOf(c), Date.now());
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
    async (c) => {
      const added = await addMember(c.env, c.executionCtx, teamCallerOf(c), organizerIdOf(c), c.var.form, Date.now());
      return memberAnswer(c, unwrap(added), 201);
    },
  )
  .get(
    "/organizers/:organizerId/members/:userId",
    operation(operations.getMember),
    requireMemberOrSelf("members:read"),
    existingMember,
    async (c) => {
      const headers = { etag: etagOfVersion(c.var.found.version), ...PRIVATE };
      return isFresh(c, headers.etag) ? c.body(null, 304, headers) : memberAnswer(c, c.var.found);
    },
  )
  .put(
    "/organizers/:organizerId/members/:userId",
    operation(operations.changeMember),
    requireMember("members:write"),
    existingMember,
    form(MemberChange),
    async (c) => {
      const [caller, organizerId] = [teamCallerOf(c), organizerIdOf(c)];
      const { member, version, ownVersion } = c.var.found;
      const { role } = c.var.form;
      unwrap(await mayDecide(c.env, caller, organizerId, role === undefined ? [] : [role, member.role]));
      const ifVersion = matchedVersion(c, version) === null ? null : ownVersion;
      return memberAnswer(
        c,
        unwrap(await changeMember(c.env, caller, organizerId, member.userId, c.var.form, ifVersion, Date.now())),
      );
    },
  )
  .delete(
    "/organizers/:organizerId/members/:userId",
    operation(operations.removeMember),
    requireMemberOrSelf("members:write"),
    async (c) => {
      unwrap(await removeMember(c.env, teamCallerOf(c), organizerIdOf(c), memberIdOf(c), Date.now()));
      return c.body(null, 204);
    },
  )
  .post(
    "/organizers/:organizerId/transfer-ownership",
    operation(operations.transferOwnership),
    requireMember("ownership:transfer", { stepUp: true }),
    form(OwnershipTransfer),
    async (c) =>
      memberAnswer(c, unwrap(await transferOwnership(c.env, callerOf(c), organizerIdOf(c), c.var.form.userId, Date.now()))),
  )
  .post(
    "/organizers/:organizerId/appoint-owner",
    operation(operations.appointOwner),
    requireAdmin({ stepUp: true }),
    existingOrganizer,
    form(OwnerAppointment),
    async (c) => memberAnswer(c, unwrap(await appointOwner(c.env, callerOf(c), organizerIdOf(c), c.var.form, Date.now()))),
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
      const invited = await invite(c.env, c.executionCtx, teamCallerOf(c), organizerIdOf(c), c.var.form, Date.now());
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
    async (c) => memberAnswer(c, unwrap(await acceptInvitation(c.env, callerOf(c), c.var.form.token, Date.now())), 201),
  );
