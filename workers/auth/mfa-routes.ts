import { Hono } from "hono";
import { form, NoBody, unwrap } from "../../shared/http/form";
import { anyone, requireUser } from "../../shared/http/guards";
import { operation } from "../../shared/http/operation";
import { ACCOUNT_TAKES, audienceOf, NO_STORE, signedInOf } from "./callers";
import { clientOf } from "./clients";
import { answerSession, cookieInHand, sessionAsked } from "./cookie-answers";
import { askPasskeyOfLogin, MfaTokenForm, MfaVerification, verifyMfa } from "./mfa";
import { factorsOf } from "./mfa-methods";
import { operations } from "./mfa-operations";
import { renewRecoveryCodes } from "./recovery-codes";
import { askPasskeyOfSession, StepUp, stepUp } from "./step-up";
import { askForTotp, confirmTotp, disableTotp, TotpConfirmation, TotpRemoval } from "./totp-factors";

export const mfaRoutes = new Hono<{ Bindings: AuthEnv }>()
  .post(
    "/auth/mfa/verify",
    operation(operations.verifyMfa),
    anyone(ACCOUNT_TAKES),
    sessionAsked(),
    form(MfaVerification),
    async (c) => {
      const audience = { ...audienceOf(c, c.env.ISSUER), cookie: c.var.cookie };
      return answerSession(c, unwrap(await verifyMfa(c.env, c.executionCtx, c.var.form, audience, Date.now())));
    },
  )
  .post("/auth/mfa/webauthn", operation(operations.askPasskeyOfLogin), anyone(ACCOUNT_TAKES), form(MfaTokenForm), async (c) =>
    c.json(unwrap(await askPasskeyOfLogin(c.env, c.var.form.mfaToken, audienceOf(c, c.env.ISSUER), Date.now())), 200, NO_STORE),
  )
  .get("/auth/mfa", operation(operations.getFactors), requireUser(), async (c) =>
    c.json(await factorsOf(c.env, signedInOf(c).userId), 200, NO_STORE),
  )
  .post("/auth/mfa/totp", operation(operations.askForTotp), requireUser({ stepUp: true }), form(NoBody), async (c) =>
    c.json(unwrap(await askForTotp(c.env, signedInOf(c), Date.now())), 200, NO_STORE),
  )
  .post("/auth/mfa/totp/confirm", operation(operations.confirmTotp), requireUser(), form(TotpConfirmation), async (c) =>
    c.json(unwrap(await confirmTotp(c.env, c.executionCtx, signedInOf(c), c.var.form.code, Date.now())), 200, NO_STORE),
  )
  .post("/auth/mfa/totp/disable", operation(operations.disableTotp), requireUser(), form(TotpRemoval), async (c) => {
    unwrap(await disableTotp(c.env, c.executionCtx, signedInOf(c).userId, c.var.form, Date.now(), clientOf(c.req.raw)));
    return c.body(null, 204);
  })
  .post(
    "/auth/mfa/recovery-codes",
    operation(operations.renewRecoveryCodes),
    requireUser({ stepUp: true }),
    form(NoBody),
    async (c) => c.json(unwrap(await renewRecoveryCodes(c.env, c.executionCtx, signedInOf(c), Date.now())), 200, NO_STORE),
  )
  .post("/auth/step-up", operation(operations.stepUp), requireUser(), form(StepUp), async (c) => {
    const caller = { ...signedInOf(c), cookie: cookieInHand(c) };
    return answerSession(c, unwrap(await stepUp(c.env, c.executionCtx, caller, c.var.form, Date.now())));
  })
  .post("/auth/step-up/webauthn", operation(operations.askPasskeyOfSession), requireUser(), form(NoBody), async (c) =>
    c.json(await askPasskeyOfSession(c.env, signedInOf(c), Date.now()), 200, NO_STORE),
  );
