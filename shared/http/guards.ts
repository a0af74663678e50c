/**
 * Who may. Each guard stands on its route's line and, in the order of checks that the wire fixes, first looks at the size (413), then
 * at the credential (401), then at the permission (403/404). A route without a guard fails a test in test/house.
 */
import type { Context, Env, MiddlewareHandler } from "hono";
import type { DescribeRouteOptions } from "hono-openapi";
import { type MemberRole, may, type Permission } from "../contracts/organizers";
import type { Principal, RefusedCredential, UserPrincipal } from "../contracts/principal";
import type { ProblemCode, Refusal } from "../contracts/problems";
import { checkAnnouncedSize, checkSize, countUnread } from "./body";
import { documented, refusing } from "./operation";
import { isAdmin, memberCandidate, principalOf } from "./principal";
import { Problem } from "./problem";

const SIGNED_IN = [{ bearer: [] }, { session: [] }];

/** Who may, as the document says it of each operation. */
type WhoMay = Permission | "anyone" | "credential" | "user" | "admin" | "development";
const who = (security: Record<string, string[]>[], permission: WhoMay, stepUp = false) =>
  ({ security, "x-permission": permission, ...(stepUp ? { "x-step-up": true } : {}) }) as DescribeRouteOptions;

/** How long ago somebody may have proved who they are, where a route wants it fresh (RFC 9470). */
const FRESH_MS = 300_000;

export type LackOfProof = Refusal<"forbidden" | "insufficient_user_authentication">;

/** What the caller lacks where a fresh proof is wanted; null where nothing. A key cannot prove who holds it. */
export function lackOfProof(caller: Principal, nowMs: number): LackOfProof | null {
  if (caller.kind !== "user") return { code: "forbidden", detail: "Only somebody who is signed in may do that" };
  if (nowMs - caller.authTimeMs <= FRESH_MS) return null;
  return { code: "insufficient_user_authentication", maxAgeSeconds: FRESH_MS / 1000 };
}

/** Comes after the permission: who may not anyway need not prove anything. */
export function checkFresh(caller: Principal, nowMs: number): void {
  const lack = lackOfProof(caller, nowMs);
  if (lack) throw new Problem(lack.code, lack);
}

/** Why a credential that was sent is none: each of `Principal`'s words, or this does not compile. */
const REFUSED_CREDENTIAL = Object.keys({
  credential_invalid: true,
  credential_expired: true,
  token_stale: true,
  csrf_failed: true,
} satisfies Record<RefusedCredential, true>) as RefusedCredential[];
const NEEDS_CREDENTIAL: readonly ProblemCode[] = ["credential_missing", ...REFUSED_CREDENTIAL];

interface StepUp {
  /** The caller proved who they are less than five minutes ago: by signing in, or by `POST /auth/step-up`. */
  stepUp?: boolean;
}
const freshCodes = ({ stepUp = false }: StepUp): readonly ProblemCode[] => (stepUp ? ["insufficient_user_authentication"] : []);

/** Size, then a credential that was sent must be good, even where none is needed. */
async function admit(c: Context, size: () => void | Promise<void> = () => checkSize(c.req.raw)): Promise<Principal> {
  await size();
  const principal = principalOf(c);
  if (principal.kind === "refused") throw new Problem(principal.code);
  return principal;
}

function guard<E extends Env = Env>(
  check: (c: Context<E>) => void | Promise<void>,
  spec: DescribeRouteOptions,
  codes: readonly ProblemCode[],
): MiddlewareHandler<E> {
  const handler: MiddlewareHandler<E> = async (c, next) => {
    await check(c);
    await next();
  };
  return documented(handler as MiddlewareHandler, {
    ...spec,
    ...refusing([...codes, "rate_limited"]),
  }) as MiddlewareHandler<E>;
}

/**
 * No credential needed, and none is looked at beyond refusing a bad one. `badCredential: "ignored"` is for signing in and staying in:
 * a client that sends its expired token along is there to get a new one.
 */
export const anyone = ({ badCredential = "refused" }: { badCredential?: "refused" | "ignored" } = {}): MiddlewareHandler =>
  guard(
    async (c) => void (badCredential === "ignored" ? await checkSize(c.req.raw) : await admit(c)),
    who([], "anyone"),
    badCredential === "ignored" ? [] : REFUSED_CREDENTIAL,
  );

/** A credential changes the answer, but none is needed. */
export const anyoneOrCaller = (): MiddlewareHandler =>
  guard(async (c) => void (await admit(c)), who([{}, ...SIGNED_IN], "anyone"), REFUSED_CREDENTIAL);

/** Any good credential, an order's or a hold's secret too; the handler decides by the thing itself. */
export const requireCredential = (): MiddlewareHandler =>
  guard(
    async (c) => {
      if ((await admit(c)).kind === "anonymous") throw new Problem("credential_missing");
    },
    who(SIGNED_IN, "credential"),
    NEEDS_CREDENTIAL,
  );

interface UserOptions extends StepUp {
  /** On an organizer's host a session may only buy and read its own orders (rule 5): such routes say so. */
  organizerHost?: "allowed" | "refused";
}

/** A signed-in person. An API key acts for its maker in a team and nowhere else: what is a person's own is not among its scopes. */
export const requireUser = ({ organizerHost = "refused", stepUp = false }: UserOptions = {}): MiddlewareHandler =>
  guard(
    async (c) => {
      const user = signedIn(await admit(c));
      if (user.kind === "api_key") throw new Problem("forbidden", { detail: "An API key acts in a team only" });
      if (user.organizerHost && organizerHost === "refused") throw new Problem("main_host_required");
      if (stepUp) checkFresh(user, Date.now());
    },
    who(SIGNED_IN, "user", stepUp),
    [
      ...NEEDS_CREDENTIAL,
      "forbidden",
      ...(organizerHost === "refused" ? (["main_host_required"] as const) : []),
      ...freshCodes({ stepUp }),
    ],
  );

/** A platform admin. */
export const requireAdmin = ({ stepUp = false }: StepUp = {}): MiddlewareHandler =>
  guard(
    async (c) => {
      const principal = await admit(c);
      signedIn(principal);
      if (!isAdmin(principal)) throw new Problem("forbidden");
      if (stepUp) checkFresh(principal, Date.now());
    },
    who(SIGNED_IN, "admin", stepUp),
    [...NEEDS_CREDENTIAL, "forbidden", ...freshCodes({ stepUp })],
  );

function signedIn(principal: Principal): UserPrincipal | Extract<Principal, { kind: "api_key" }> {
  if (principal.kind === "user" || principal.kind === "api_key") return principal;
  // A hold's or an order's secret is a good credential elsewhere, never here.
  throw new Problem(principal.kind === "anonymous" ? "credential_missing" : "credential_invalid");
}

/** What a domain tells `requireMember` about the thing in the path. */
export interface Subject {
  organizerId: string;
  /**
   * True when anybody may know that it exists: then a stranger hears 403, else the same 404 as for what does not exist. A function
   * where finding out costs a look-up that only a refusal needs.
   */
  visible: boolean | (() => Promise<boolean>);
  /** The event that the thing is or belongs to: door staff may be a team's for some events only. */
  eventId?: string;
}

export interface MembershipQuestions<E extends Env> {
  /** Null when there is no such thing. */
  subjectOf(c: Context<E>): Promise<Subject | null>;
  /** `permission` is what the route needs, for `rememberedMembership`, and `eventId` the subject's. */
  membership(
    c: Context<E>,
    userId: string,
    organizerId: string,
    permission: Permission,
    eventId: string | undefined,
  ): Promise<MemberRole | null>;
  /** What is the caller's own in the team, and so any member's to do: to leave it. */
  isOwn?(c: Context<E>, userId: string): boolean;
  notFound: ProblemCode;
  /** A route that takes files: its own limit, in bytes, and what has no length is read only once its sender may send it. */
  maxFileBytes?(c: Context<E>): number;
  /** A hold's or an order's secret is nobody's membership: 401, unless the domain has another word for its bearer. */
  refusalOfSecret?(c: Context<E>): Promise<ProblemCode>;
}

/** Builds a domain's `requireMember`, which names the permission on the route's line. Admins may read everything. */
export function memberGuard<E extends Env>(questions: MembershipQuestions<E>) {
  const decide = async (c: Context<E>, permission: Permission, principal: Principal): Promise<void> => {
    if (principal.kind === "bearer_secret" && questions.refusalOfSecret) throw new Problem(await questions.refusalOfSecret(c));
    const caller = signedIn(principal);
    if (caller.kind === "user" && caller.organizerHost) throw new Problem("main_host_required");
    const subject = await questions.subjectOf(c);
    if (!subject) throw new Problem(questions.notFound);
    if (isAdmin(principal) && permission.endsWith(":read")) return;
    const { organizerId, eventId } = subject;
    const isBoundElsewhere = caller.kind === "api_key" && (caller.organizerId ?? organizerId) !== organizerId;
    const role = isBoundElsewhere ? null : await questions.membership(c, caller.userId, organizerId, permission, eventId);
    const isAllowed = role !== null && (may(role, permission) || questions.isOwn?.(c, caller.userId) === true);
    if (isAllowed && memberCandidate(caller, organizerId, permission) !== null) return;
    if (role || isAdmin(principal)) throw new Problem("forbidden");
    const visible = typeof subject.visible === "function" ? await subject.visible() : subject.visible;
    throw new Problem(visible ? "forbidden" : questions.notFound);
  };
  return (permission: Permission, { stepUp = false }: StepUp = {}): MiddlewareHandler<E> =>
    guard<E>(
      async (c) => {
        const pass = async (size?: () => void): Promise<void> => {
          const principal = await admit(c, size);
          await decide(c, permission, principal);
          if (stepUp) checkFresh(principal, Date.now());
        };
        const maxBytes = questions.maxFileBytes?.(c);
        if (maxBytes === undefined) return pass();
        try {
          await pass(() => checkAnnouncedSize(c.req.raw, maxBytes));
        } catch (refusal) {
          // The size comes first on the wire: what was not announced is counted now, and not kept.
          await countUnread(c.req.raw, maxBytes);
          throw refusal;
        }
      },
      who(SIGNED_IN, permission, stepUp),
      [...NEEDS_CREDENTIAL, "forbidden", questions.notFound, ...freshCodes({ stepUp })],
    );
}

/** `/dev/*`: does not exist anywhere but in development (rule 2); the gateway does not route it elsewhere either. */
export const developmentOnly = <Bindings extends { ENVIRONMENT: string }>(): MiddlewareHandler<{ Bindings: Bindings }> =>
  guard<{ Bindings: Bindings }>(
    async (c) => {
      if (c.env.ENVIRONMENT !== "development") throw new Problem("not_found");
      await admit(c);
    },
    who([], "development"),
    ["not_found", ...REFUSED_CREDENTIAL],
  );
