/** What a credential counts for with one order: its buyer's rights, or a reader's. */
import { may } from "../../shared/contracts/organizers";
import type { Principal, RefusedCredential } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { rememberedMembership } from "../../shared/http/memberships";
import { onlyOrganizerOf } from "../../shared/http/principal";
import type { Env } from "./environment";
import { readOrder } from "./order-rows";
import { looksLikeOrderToken, verifyOrderToken } from "./order-token";
import type { OrderRow } from "./schema";
import { dbOf } from "./shards";

export type Claim =
  /** A guest's token, verified; the row says whether its version still counts. */
  | { kind: "token"; version: number }
  | {
      kind: "user";
      userId: string;
      admin: boolean;
      /** May this credential be asked for a membership? */
      member: boolean;
      /** Set for a session of an organizer's host, which reads and buys there only (rule 5). */
      onlyOrganizerId: string | null;
      /** An API key bound to an organizer reads that one's orders only. */
      memberOfOnly: string | null;
      /** Of an API key, which bought what it ordered itself and nothing else of its maker's. */
      keyId: string | null;
    };

export type Caller = { principal: Principal; hostOrganizerId: string | null };

type ClaimRefusal = Refusal<"order_not_found" | "credential_missing" | RefusedCredential>;

/** Verified before any query, so that a guessed token costs no database anything (rule 4). */
export async function claimOf(env: Env, caller: Caller, orderId: string): Promise<Result<Claim, ClaimRefusal>> {
  const { principal } = caller;
  switch (principal.kind) {
    case "bearer_secret": {
      // A hold's secret opens a hold. A well-formed token that is not this order's reads like an order that does not exist.
      if (!looksLikeOrderToken(principal.secret)) return refuse({ code: "credential_invalid" });
      const version = await verifyOrderToken(env.ORDER_KEY, orderId, principal.secret);
      return version === null ? refuse({ code: "order_not_found" }) : ok({ kind: "token", version });
    }
    case "user":
      return ok({
        kind: "user",
        userId: principal.userId,
        admin: principal.role === "admin" && !principal.organizerHost,
        member: !principal.organizerHost,
        onlyOrganizerId: onlyOrganizerOf(principal, caller.hostOrganizerId),
        memberOfOnly: null,
        keyId: null,
      });
    case "api_key":
      return ok({
        kind: "user",
        userId: principal.userId,
        admin: false,
        member: principal.scopes.includes("orders:read"),
        onlyOrganizerId: null,
        memberOfOnly: principal.organizerId,
        keyId: principal.keyId,
      });
    case "refused":
      return refuse({ code: principal.code });
    case "anonymous":
      return refuse({ code: "credential_missing" });
  }
}

export interface Condition {
  sql: string;
  values: (string | number)[];
}

/** True in SQL for the rows whose buyer this is: he alone pays and cancels. */
export function buyerCondition(claim: Claim): Condition {
  if (claim.kind === "token") return { sql: "orders.token_version = ?", values: [claim.version] };
  const { userId, keyId, onlyOrganizerId } = claim;
  if (keyId !== null) return { sql: "orders.user_id = ? AND orders.api_key_id = ?", values: [userId, keyId] };
  return onlyOrganizerId === null
    ? { sql: "orders.user_id = ?", values: [userId] }
    : { sql: "orders.user_id = ? AND orders.organizer_id = ?", values: [userId, onlyOrganizerId] };
}

/** The same of an order that was read. */
export function isBuyer(claim: Claim, order: OrderRow): boolean {
  if (claim.kind === "token") return order.token_version === claim.version;
  const isHere = claim.onlyOrganizerId === null || claim.onlyOrganizerId === order.organizer_id;
  const isOfKey = claim.keyId === null || claim.keyId === order.api_key_id;
  return isHere && isOfKey && order.user_id === claim.userId;
}

/** Whether this claim may read an order that was found: its buyer, a member with `orders:read`, a platform admin. */
export async function mayRead(env: Env, claim: Claim, order: OrderRow): Promise<boolean> {
  if (claim.kind === "token") return order.token_version === claim.version;
  if (claim.onlyOrganizerId !== null && claim.onlyOrganizerId !== order.organizer_id) return false;
  if (isBuyer(claim, order) || claim.admin) return true;
  if (!claim.member || (claim.memberOfOnly !== null && claim.memberOfOnly !== order.organizer_id)) return false;
  const role = await rememberedMembership(env.USERS, claim.userId, order.organizer_id, "orders:read");
  return role !== null && may(role, "orders:read");
}

/** Whoever may not pay or cancel an order hears 404, or 403 where he may at least read it. Null for its buyer. */
export async function refuseStranger(env: Env, caller: Caller, orderId: string): Promise<Refusal | null> {
  const db = dbOf(env, orderId);
  if (!db) return { code: "order_not_found" };
  const claim = await claimOf(env, caller, orderId);
  if (!claim.ok) return claim.error;
  const access = buyerCondition(claim.value);
  const mine = await db
    .prepare(`SELECT 1 FROM orders WHERE id = ? AND ${access.sql}`)
    .bind(orderId, ...access.values)
    .first();
  if (mine !== null) return null;
  const found = await readOrder(db, orderId);
  const readable = found !== null && (await mayRead(env, claim.value, found.order));
  return { code: readable ? "forbidden" : "order_not_found" };
}
