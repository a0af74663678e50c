import type { Context } from "hono";
import { z } from "zod";
import type { PublishedEvent } from "../../shared/contracts/events";
import { Id } from "../../shared/contracts/ids";
import { errorsOf, pathId } from "../../shared/http/form";
import { memberGuard } from "../../shared/http/guards";
import { listQuery } from "../../shared/http/list";
import { rememberedMembership } from "../../shared/http/memberships";
import { principalOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import { normalizedAddress } from "../../shared/text/mail-addresses";
import type { Env } from "./environment";
import { LedgerQuery } from "./ledger-views";
import { readSale, type Sale } from "./order-rows";
import { looksLikeOrderToken } from "./order-token";
import { findPayment } from "./payments";
import { callerOf } from "./requests";
import { dbOf } from "./shards";

export const EventOrdersQuery = z.object({ ...listQuery, eventId: Id });

type MembersEnv = { Bindings: Env; Variables: { event: PublishedEvent } };

/** The event stands in the query; whose it is, the events Worker says. The handler finds it as `c.var.event`. */
export const requireMember = memberGuard<MembersEnv>({
  subjectOf: async (c: Context<MembersEnv>) => {
    // Without an event there is nobody to be a member of, so this much of the form is read first.
    const asked = EventOrdersQuery.pick({ eventId: true }).safeParse(c.req.query());
    if (!asked.success) throw new Problem("invalid_query", { errors: errorsOf(asked.error) });
    const [event] = await c.env.EVENTS.events([asked.data.eventId]);
    if (!event) return null;
    c.set("event", event);
    const visible = event.status !== "draft" && event.settings.isPublic;
    return { organizerId: event.organizerId, visible, eventId: event.id };
  },
  membership: (c, userId, organizerId, permission, eventId) =>
    rememberedMembership(c.env.USERS, userId, organizerId, permission, eventId),
  notFound: "event_not_found",
});

type OrganizerMembersEnv = { Bindings: Env; Variables: { organizerId: string } };

/** The same where the query names the organizer, for the handler in `c.var.organizerId`. */
export const requireMemberOfOrganizer = memberGuard<OrganizerMembersEnv>({
  subjectOf: async (c: Context<OrganizerMembersEnv>) => {
    const asked = LedgerQuery.pick({ organizerId: true }).safeParse(c.req.query());
    if (!asked.success) throw new Problem("invalid_query", { errors: errorsOf(asked.error) });
    const { organizerId } = asked.data;
    const [organizer] = await c.env.USERS.organizers([organizerId]);
    if (!organizer) return null;
    c.set("organizerId", organizerId);
    return { organizerId, visible: true };
  },
  membership: (c, userId, organizerId, permission) => rememberedMembership(c.env.USERS, userId, organizerId, permission),
  notFound: "organizer_not_found",
});

type PaymentMembersEnv = { Bindings: Env; Variables: { sale: Sale } };

const paymentIdOf = (c: Context): string => pathId(c, "paymentId", "payment_not_found");

/** Whether the caller may read it, and so may know that it is there. */
const isReadable = async (c: Context<PaymentMembersEnv>): Promise<boolean> =>
  (await findPayment(c.env, callerOf(c), paymentIdOf(c))).ok;

/** By his account, or by the address that the account has proved where he bought as a guest. */
async function isBuyer(env: Env, { order }: Sale, userId: string): Promise<boolean> {
  if (order.user_id !== null) return order.user_id === userId;
  const address = await env.USERS.verifiedEmail(userId);
  return address !== null && normalizedAddress(address) === normalizedAddress(order.buyer_email);
}

/**
 * The payment stands in the path; whose it is, its order says. The handler finds both as `c.var.sale`. A buyer is never one of those who
 * may, whatever he is beside that: nobody refunds himself.
 */
export const requireMemberOfPayment = memberGuard<PaymentMembersEnv>({
  subjectOf: async (c: Context<PaymentMembersEnv>) => {
    const paymentId = paymentIdOf(c);
    const db = dbOf(c.env, paymentId);
    const sale = db && (await readSale(db, paymentId));
    if (!sale) return null;
    c.set("sale", sale);
    return { organizerId: sale.order.organizer_id, visible: () => isReadable(c) };
  },
  membership: async (c, userId, organizerId, permission) =>
    (await isBuyer(c.env, c.var.sale, userId)) ? null : rememberedMembership(c.env.USERS, userId, organizerId, permission),
  refusalOfSecret: async (c) => {
    const principal = principalOf(c);
    if (principal.kind !== "bearer_secret" || !looksLikeOrderToken(principal.secret)) return "credential_invalid";
    return (await isReadable(c)) ? "forbidden" : "payment_not_found";
  },
  notFound: "payment_not_found",
});
