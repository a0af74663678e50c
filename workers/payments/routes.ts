import type { Context, MiddlewareHandler } from "hono";
import { z } from "zod";
import { OrderDraft, PaymentDraft, PROVIDERS, RefundDraft } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import type { Result } from "../../shared/contracts/result";
import { domainApp } from "../../shared/http/app";
import { readBytesOnce } from "../../shared/http/body";
import { form, NoBody, pathId, query, unwrap } from "../../shared/http/form";
import { anyone, anyoneOrCaller, developmentOnly, requireAdmin, requireCredential, requireUser } from "../../shared/http/guards";
import { idempotencyKeyOf } from "../../shared/http/idempotency-key";
import { ListQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { isAdmin, onlyOrganizerOf, principalOf, userIdOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import { acceptedLanguage } from "../../shared/locale/accepted-language";
import type { KeptAnswer } from "./answers";
import { showBacklog } from "./backlog";
import { cancelOrder } from "./cancellation";
import { placeOrder } from "./checkout";
import { refuseStranger } from "./claims";
import type { Env } from "./environment";
import { listLedger } from "./ledger-pages";
import { LedgerQuery } from "./ledger-views";
import { EventOrdersQuery, requireMember, requireMemberOfOrganizer, requireMemberOfPayment } from "./members";
import { operations } from "./operations";
import { showOrderPayments } from "./order-payments";
import { looksLikeHoldSecret, looksLikeOrderToken } from "./order-token";
import { listEventOrders, listUserOrders, showOrder, showTickets } from "./orders";
import { processPayment, readPayment } from "./payments";
import { receiveWebhook } from "./provider-events";
import { providerOf } from "./providers/configured";
import { settleByHand, settlePage } from "./providers/test-page";
import { requestRefund } from "./refund-requests";
import { callerOf, portOf, traceparentOf } from "./requests";

type PaymentsContext = Context<{ Bindings: Env }>;

const SettleQuery = z.object({ outcome: z.enum(["paid", "declined"]).default("paid") });

/** A first answer leaves again as it left, a refusal too. */
function answerKept(result: Result<KeptAnswer, Refusal>): Response {
  const kept = unwrap(result);
  if ("refusal" in kept) throw new Problem(kept.refusal.code, kept.refusal);
  return Response.json(kept.body, { status: kept.status, headers: { "cache-control": "no-store" } });
}

/** An order and its tickets are somebody's: no cache keeps them. */
const noStore = { "cache-control": "no-store" };

async function takeWebhook(c: PaymentsContext, isPlatforms: boolean): Promise<Response> {
  const name = PROVIDERS.find((known) => known === c.req.param("provider"));
  if (!name) throw new Problem("not_found");
  const body = await readBytesOnce(c.req.raw);
  // No organizer has an account of his own yet, so that no endpoint of his has a secret.
  const provider = isPlatforms ? providerOf(c.env, c.executionCtx, name, portOf(c)) : null;
  return c.json(unwrap(await receiveWebhook(c.env, c.executionCtx, provider, body, c.req.raw.headers)));
}

/** Whose orders these are: the user's own, or anybody's for an admin. To anybody else they read like nobody's. */
function listedUser(c: Context): { userId: string; onlyOrganizerId: string | null } {
  const userId = pathId(c, "userId", "user_not_found");
  const { principal, hostOrganizerId } = callerOf(c);
  if (userIdOf(principal) !== userId && !isAdmin(principal)) throw new Problem("user_not_found");
  return { userId, onlyOrganizerId: onlyOrganizerOf(principal, hostOrganizerId) };
}

/** A hold's secret opens no order: 401 before anything is looked for or read. */
const noHoldSecret: MiddlewareHandler = async (c, next) => {
  const principal = principalOf(c);
  if (principal.kind === "bearer_secret" && !looksLikeOrderToken(principal.secret)) throw new Problem("credential_invalid");
  await next();
};

/** An order's token orders nothing. */
const noOrderToken: MiddlewareHandler = async (c, next) => {
  const principal = principalOf(c);
  if (principal.kind === "bearer_secret" && !looksLikeHoldSecret(principal.secret)) throw new Problem("credential_invalid");
  await next();
};

const orderIdOf = (c: Context): string => pathId(c, "orderId", "order_not_found");

async function refuseOthersOrder(env: Env, c: Context, orderId = orderIdOf(c)): Promise<void> {
  const refusal = await refuseStranger(env, callerOf(c), orderId);
  if (refusal) throw new Problem(refusal.code, refusal);
}

/** A key that cannot be one is a fault of the form: what the caller may not know of comes first. */
async function keyOf(env: Env, c: Context, orderId: string): Promise<string | null> {
  try {
    return idempotencyKeyOf(c);
  } catch (fault) {
    await refuseOthersOrder(env, c, orderId);
    throw fault;
  }
}

export const app = domainApp<Env>()
  .post("/orders", operation(operations.createOrder), anyoneOrCaller(), noOrderToken, form(OrderDraft), async (c) => {
    const placing = {
      caller: callerOf(c),
      draft: c.var.form,
      key: idempotencyKeyOf(c),
      traceparent: traceparentOf(c),
      language: acceptedLanguage(c.req.header("accept-language")),
    };
    return c.json(unwrap(await placeOrder(c.env, c.executionCtx, placing)), 201, noStore);
  })
  .get("/orders", operation(operations.listEventOrders), requireMember("orders:read"), query(EventOrdersQuery), async (c) =>
    c.json(await listEventOrders(c.env, c.var.event.organizerId, c.var.event.id, c.var.query), 200, noStore),
  )
  .get(
    "/orders/user/:userId",
    operation(operations.listUserOrders),
    requireUser({ organizerHost: "allowed" }),
    async (c, next) => {
      listedUser(c);
      await next();
    },
    query(ListQuery),
    async (c) => {
      const { userId, onlyOrganizerId } = listedUser(c);
      return c.json(await listUserOrders(c.env, userId, onlyOrganizerId, c.var.query), 200, noStore);
    },
  )
  .get("/orders/:orderId", operation(operations.getOrder), requireCredential(), noHoldSecret, async (c) =>
    c.json(unwrap(await showOrder(c.env, callerOf(c), orderIdOf(c))), 200, noStore),
  )
  .get("/orders/:orderId/tickets", operation(operations.getOrderTickets), requireCredential(), noHoldSecret, async (c) =>
    c.json(unwrap(await showTickets(c.env, callerOf(c), orderIdOf(c))), 200, noStore),
  )
  .get("/orders/:orderId/payments", operation(operations.getOrderPayments), requireCredential(), noHoldSecret, async (c) =>
    c.json(unwrap(await showOrderPayments(c.env, callerOf(c), orderIdOf(c))), 200, noStore),
  )
  .post(
    "/orders/:orderId/cancel",
    operation(operations.cancelOrder),
    requireCredential(),
    noHoldSecret,
    form(NoBody, (c: PaymentsContext) => refuseOthersOrder(c.env, c)),
    async (c) => {
      const orderId = orderIdOf(c);
      return answerKept(
        await cancelOrder(c.env, c.executionCtx, { caller: callerOf(c), orderId, key: await keyOf(c.env, c, orderId) }),
      );
    },
  )
  .post(
    "/payments/process",
    operation(operations.processPayment),
    requireCredential(),
    noHoldSecret,
    form(PaymentDraft),
    async (c) => {
      const processing = {
        caller: callerOf(c),
        draft: c.var.form,
        key: await keyOf(c.env, c, c.var.form.orderId),
        port: portOf(c),
        traceparent: traceparentOf(c),
      };
      return answerKept(await processPayment(c.env, c.executionCtx, processing));
    },
  )
  .get(
    "/payments/ledger",
    operation(operations.listLedger),
    requireMemberOfOrganizer("ledger:read"),
    query(LedgerQuery),
    async (c) => c.json(await listLedger(c.env, { ...c.var.query, organizerId: c.var.organizerId }), 200, noStore),
  )
  .get("/payments/backlog", operation(operations.showBacklog), requireAdmin(), async (c) =>
    c.json(await showBacklog(c.env), 200, noStore),
  )
  .get("/payments/:paymentId", operation(operations.getPayment), requireCredential(), noHoldSecret, async (c) =>
    c.json(
      unwrap(await readPayment(c.env, c.executionCtx, callerOf(c), pathId(c, "paymentId", "payment_not_found"))),
      200,
      noStore,
    ),
  )
  .post(
    "/payments/:paymentId/refund",
    operation(operations.refundPayment),
    requireMemberOfPayment("orders:refund"),
    form(RefundDraft),
    async (c) => {
      const request = { principal: principalOf(c), sale: c.var.sale, draft: c.var.form, key: idempotencyKeyOf(c) };
      return answerKept(await requestRefund(c.env, c.executionCtx, request));
    },
  )
  .post("/payments/webhooks/:provider", operation(operations.receiveWebhook), anyone(), (c) => takeWebhook(c, true))
  .post("/payments/webhooks/:provider/:endpointId", operation(operations.receiveOrganizerWebhook), anyone(), (c) =>
    takeWebhook(c, false),
  )
  .get("/dev/test-provider/payments/:paymentId/settle", operation(operations.showTestPayment), developmentOnly(), async (c) =>
    unwrap(await settlePage(c.env, pathId(c, "paymentId", "payment_not_found"))),
  )
  .post(
    "/dev/test-provider/payments/:paymentId/settle",
    operation(operations.settleTestPayment),
    developmentOnly(),
    query(SettleQuery),
    async (c) => {
      const paymentId = pathId(c, "paymentId", "payment_not_found");
      const settled = unwrap(await settleByHand(c.env, paymentId, c.var.query.outcome, portOf(c)));
      // A program that posts here must not be led to a shop's page.
      const isBrowser = c.req.header("accept")?.includes("text/html") ?? false;
      return isBrowser && settled.returnUrl !== null ? c.redirect(settled.returnUrl, 303) : c.json({ settled: true } as const);
    },
  );
