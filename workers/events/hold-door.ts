/**
 * `POST /events/{id}/holds` as the gateway asks it by RPC, the plain case of the route in hold-routes.ts: of what a rush sends, a fifth
 * would be the making of Requests, Responses and their headers on the way to the same `placeHold`.
 */
import { HoldDraft, type PlainHold } from "../../shared/contracts/holds";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { refusalOf } from "../../shared/http/app";
import { parseForm } from "../../shared/http/form";
import type { Env } from "./environment";
import { placeHold } from "./holds";

/** The answer's JSON, or its refusal. Null for what only the route can judge: a body that is no form of it, or another caller. */
export async function placePlainHold(
  env: Env,
  ctx: ExecutionContext,
  { eventId, principal, address, body, requestId }: PlainHold,
): Promise<Result<string, Refusal> | null> {
  const props: unknown = ctx.props;
  // Nobody else may say who asks (rule 1).
  if (typeof props !== "object" || props === null || !("caller" in props) || props.caller !== "gateway") return null;
  // Which organizer's host it is only the route hears.
  if (principal.kind === "user" && principal.organizerHost) return null;
  const read = parseForm(body, HoldDraft);
  if (!read.ok) return null;
  const caller = { principal, onlyOrganizerId: null };
  try {
    const placed = await placeHold(env, { eventId, caller, address, idempotencyKey: null }, read.value);
    return placed.ok ? ok(JSON.stringify(placed.value)) : placed;
  } catch (error) {
    return refuse(refusalOf(error, env, ctx, { requestId, method: "POST", path: `/events/${eventId}/holds` }));
  }
}
