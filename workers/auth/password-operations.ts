/** The OpenAPI pages of passwords' routes. */
import type { Operation } from "../../shared/http/operation";
import { EMAIL, PASSWORD, tags } from "./operation-examples";

export const operations = {
  forgotPassword: {
    operationId: "forgotPassword",
    summary: "Ask for a link to choose a new password",
    description:
      "Always 202, whether there is such an account or not. An account gets one such mail a minute; its link works once, for an hour.",
    tags,
    requestExample: { email: EMAIL },
    answers: { 202: { description: "If there is such an account, a mail is on its way" } },
  },

  resetPassword: {
    operationId: "resetPassword",
    summary: "Choose a new password by the mailed token",
    description:
      "Ends all sessions of the account and its lock, and tells its owner by mail. Second factors stay, and so do API keys, which run programs: the mail names those that work, and `DELETE /auth/api-keys/{id}` ends one.",
    tags,
    requestExample: {
      token: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f.3Yx0Wk1nRr2qJc7bVn8mLp5sTd9fHg4eUo6aZi0yXwE",
      password: PASSWORD,
    },
    answers: { 204: { description: "The password is set" } },
    refusals: ["invalid_token"],
  },

  showPasswordReset: {
    operationId: "showPasswordReset",
    summary: "The page behind the mailed link",
    description: "Changes nothing by itself; its form posts the token with the new password.",
    tags,
    answers: { 200: { description: "A page", contentType: "text/html" } },
  },

  changePassword: {
    operationId: "changePassword",
    summary: "Change one's password",
    description:
      "Ends all other sessions of the account, and tells its owner by mail, which names the API keys that still work. Wrong current passwords count as at login.",
    tags,
    requestExample: { currentPassword: "correct-horse-battery", newPassword: PASSWORD },
    answers: { 204: { description: "The password is changed" } },
    refusals: ["forbidden", "invalid_credentials", "account_locked", "overloaded"],
  },
} as const satisfies Record<string, Operation>;
