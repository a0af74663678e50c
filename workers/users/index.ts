import { WorkerEntrypoint } from "cloudflare:workers";
import type { UsersRpc } from "../../shared/contracts/organizers";
import { deadLetterSteps } from "../../shared/d1/dead-letters";
import { outboxLag, sweepOutbox } from "../../shared/d1/outbox";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { runSteps } from "../../shared/observability/sweep-steps";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { settleStatusChanges } from "./account-standing";
import { sweepForgotten, verifiedEmail } from "./accounts";
import { sweepAvatars } from "./avatars";
import { invitationMails, sweepInvitations } from "./invitations";
import { sweepLookups } from "./member-lookups";
import { membership } from "./memberships";
import { messageHandlers } from "./message-handlers";
import { fillNameTails } from "./name-tails";
import { mailboxes } from "./news";
import { organizerBySlug, organizersByIds, sweepOldSlugs } from "./organizers";
import { readingHabits } from "./preferences";
import { app } from "./routes";
import { foldNames } from "./user-search";

/** For sibling Workers. Not reachable from the internet. */
export class UsersService extends WorkerEntrypoint<UsersEnv> implements UsersRpc {
  async ping() {
    return "ok" as const;
  }

  openapi() {
    return openapiOf(app);
  }

  sweep() {
    return runSteps(this.env, this.ctx, {
      lookups: () => sweepLookups(this.env.DB, Date.now()),
      announced: () => sweepOutbox(this.env.DB, mailboxes(this.env), Date.now()),
      invitations: () => sweepInvitations(this.env.DB, Date.now()),
      slugs: () => sweepOldSlugs(this.env.DB, Date.now()),
      names: () => foldNames(this.env.DB),
      tails: () => fillNameTails(this.env.DB),
      decisions: () => settleStatusChanges(this.env, Date.now()),
      avatars: () => sweepAvatars(this.env, Date.now()),
      outbox: () => outboxLag(this.env.DB, Date.now()),
      tombstones: () => sweepForgotten(this.env.DB, Date.now()),
      ...deadLetterSteps(this.env, this.ctx, this.env.DB, messageHandlers),
    });
  }

  membership(userId: string, organizerId: string, eventId?: string) {
    return membership(this.env, userId, organizerId, eventId);
  }

  readingHabits(userIds: string[]) {
    return readingHabits(this.env.DB, userIds);
  }

  invitationMails(ids: string[]) {
    return invitationMails(this.env, ids, Date.now());
  }

  organizers(ids: string[]) {
    return organizersByIds(this.env, ids);
  }

  organizerBySlug(slug: string) {
    return organizerBySlug(this.env, slug, Date.now());
  }

  verifiedEmail(userId: string) {
    return verifiedEmail(this.env, userId);
  }
}

export default {
  fetch: serve(app),
  queue: (batch, env, ctx) => consumeMailbox(batch, env, ctx, env.DB, messageHandlers),
} satisfies ExportedHandler<UsersEnv>;
