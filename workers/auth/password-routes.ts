import { Hono } from "hono";
import { form, unwrap } from "../../shared/http/form";
import { anyone, requireUser } from "../../shared/http/guards";
import { operation } from "../../shared/http/operation";
import { ACCOUNT_TAKES, signedInOf } from "./callers";
import { clientOf } from "./clients";
import { changePassword, PasswordChange } from "./password-change";
import { operations } from "./password-operations";
import { forgetPassword, PasswordReset, resetPassword } from "./password-reset";
import { passwordResetPage } from "./password-reset-page";
import { MailAddress } from "./registration";

export const passwordRoutes = new Hono<{ Bindings: AuthEnv }>()
  .post("/auth/forgot-password", operation(operations.forgotPassword), anyone(ACCOUNT_TAKES), form(MailAddress), async (c) => {
    await forgetPassword(c.env, c.executionCtx, c.var.form.email, Date.now(), clientOf(c.req.raw));
    return c.body(null, 202);
  })
  .post("/auth/reset-password", operation(operations.resetPassword), anyone(ACCOUNT_TAKES), form(PasswordReset), async (c) => {
    unwrap(await resetPassword(c.env, c.executionCtx, c.var.form, Date.now(), clientOf(c.req.raw)));
    return c.body(null, 204);
  })
  .get("/auth/reset-password", operation(operations.showPasswordReset), anyone(ACCOUNT_TAKES), async (c) => {
    const { html, headers } = await passwordResetPage(c.req.header("accept-language"));
    return c.html(html, 200, headers);
  })
  .post("/auth/change-password", operation(operations.changePassword), requireUser(), form(PasswordChange), async (c) => {
    unwrap(await changePassword(c.env, c.executionCtx, signedInOf(c), c.var.form, Date.now()));
    return c.body(null, 204);
  });
