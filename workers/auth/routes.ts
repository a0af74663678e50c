import { z } from "zod";
import { ROLES } from "../../shared/contracts/accounts";
import { domainApp } from "../../shared/http/app";
import { etagOfVersion } from "../../shared/http/etag";
import { form, NoBody, unwrap } from "../../shared/http/form";
import { anyone, developmentOnly, requireUser } from "../../shared/http/guards";
import { operation } from "../../shared/http/operation";
import { addressOf } from "../../shared/http/principal";
import { NO_SESSION_COOKIE } from "../../shared/http/session-cookie";
import { setRole } from "./accounts";
import { apiKeyRoutes } from "./api-key-routes";
import { ACCOUNT_TAKES, audienceOf, NO_STORE, signedInOf, visitOf } from "./callers";
import { answerSession, cookieInHand, sessionAsked } from "./cookie-answers";
import { Credentials, logIn } from "./login";
import { mfaRoutes } from "./mfa-routes";
import { operations } from "./operations";
import { passkeyRoutes } from "./passkey-routes";
import { passwordRoutes } from "./password-routes";
import { MailAddress, Registration, register, resendVerification, VerificationToken, verifyEmail } from "./registration";
import { sessionRoutes } from "./session-routes";
import { RefreshRequest, refresh, revoke } from "./sessions";
import { publicKeys } from "./signing-keys";
import { UnlockToken, unlock } from "./unlocking";
import { unlockPage, verificationPage } from "./verification-page";

/** A verifier that meets a `kid` which it does not know asks again before this is over. */
const CACHED = { "cache-control": "public, max-age=300" };

export const app = domainApp<AuthEnv>()
  .post("/auth/register", operation(operations.register), anyone(ACCOUNT_TAKES), form(Registration), async (c) =>
    c.json(unwrap(await register(c.env, c.executionCtx, c.var.form, Date.now(), addressOf(c))), 201, NO_STORE),
  )
  .post("/auth/verify-email", operation(operations.verifyEmail), anyone(ACCOUNT_TAKES), form(VerificationToken), async (c) =>
    c.json(unwrap(await verifyEmail(c.env, c.executionCtx, c.var.form.token, Date.now())), 200, NO_STORE),
  )
  .get("/auth/verify-email", operation(operations.showVerification), anyone(ACCOUNT_TAKES), async (c) => {
    const { html, headers } = await verificationPage(c.req.header("accept-language"));
    return c.html(html, 200, headers);
  })
  .post(
    "/auth/resend-verification",
    operation(operations.resendVerification),
    anyone(ACCOUNT_TAKES),
    form(MailAddress),
    async (c) => {
      await resendVerification(c.env, c.executionCtx, c.var.form.email, Date.now());
      return c.body(null, 202);
    },
  )
  .post("/auth/login", operation(operations.logIn), anyone(ACCOUNT_TAKES), sessionAsked(), form(Credentials), async (c) => {
    const visit = { ...visitOf(c, c.env.ISSUER), cookie: c.var.cookie };
    return answerSession(c, unwrap(await logIn(c.env, c.executionCtx, c.var.form, visit, Date.now())));
  })
  .post("/auth/unlock", operation(operations.unlock), anyone(ACCOUNT_TAKES), form(UnlockToken), async (c) => {
    unwrap(await unlock(c.env, c.var.form.token, Date.now()));
    return c.body(null, 204);
  })
  .get("/auth/unlock", operation(operations.showUnlock), anyone(ACCOUNT_TAKES), async (c) => {
    const { html, headers } = await unlockPage(c.req.header("accept-language"));
    return c.html(html, 200, headers);
  })
  .post("/auth/refresh", operation(operations.refresh), anyone(ACCOUNT_TAKES), form(RefreshRequest), async (c) =>
    c.json(
      unwrap(await refresh(c.env, c.executionCtx, c.var.form.refreshToken, audienceOf(c, c.env.ISSUER), Date.now())),
      200,
      NO_STORE,
    ),
  )
  .post("/auth/logout", operation(operations.logOut), requireUser({ organizerHost: "allowed" }), form(NoBody), async (c) => {
    await revoke(c.env, c.executionCtx, signedInOf(c).sessionId, "logout", Date.now());
    return c.body(null, 204, cookieInHand(c) === undefined ? {} : { "set-cookie": NO_SESSION_COOKIE });
  })
  .get("/.well-known/jwks.json", operation(operations.jwks), anyone(ACCOUNT_TAKES), async (c) =>
    c.json(await publicKeys(c.env, Date.now()), 200, CACHED),
  )
  .get("/.well-known/openid-configuration", operation(operations.discovery), anyone(ACCOUNT_TAKES), (c) =>
    c.json(
      {
        issuer: c.env.ISSUER,
        jwks_uri: `${c.env.ISSUER}/.well-known/jwks.json`,
        response_types_supported: [],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      },
      200,
      CACHED,
    ),
  )
  .post(
    "/dev/accounts/:email/role",
    operation(operations.setRole),
    developmentOnly<AuthEnv>(),
    form(z.strictObject({ role: z.enum(ROLES) })),
    async (c) => {
      const { version, ...user } = unwrap(
        await setRole(c.env, c.executionCtx, c.req.param("email"), c.var.form.role, Date.now()),
      );
      return c.json(user, 200, { etag: etagOfVersion(version) });
    },
  )
  .route("/", sessionRoutes)
  .route("/", apiKeyRoutes)
  .route("/", passwordRoutes)
  .route("/", mfaRoutes)
  .route("/", passkeyRoutes);
