/** The OpenAPI pages of second factors' and step-up's routes. */
import { SignInAnswer } from "../../shared/contracts/cookie-session";
import type { Operation } from "../../shared/http/operation";
import { Factors } from "./mfa-methods";
import { mfaToken, PASSWORD, passkeyQuestion, recoveryCodes, tags, tokens } from "./operation-examples";
import { PasskeyQuestion } from "./passkey-proofs";
import { RecoveryCodes, TotpSecret } from "./totp-factors";

export const operations = {
  verifyMfa: {
    operationId: "verifyMfa",
    summary: "Answer a login's second question",
    description:
      "`code` is what the app or the paper says; for `webauthn` it is what `navigator.credentials.get()` gave as JSON. A code works once. Each ten wrong codes of an app in a row pause it for 15 minutes, for twice as long each further time, up to a day, and a hundred end it until another factor opens the account. Recovery codes and passkeys are not counted.",
    tags,
    requestExample: { mfaToken, method: "totp", code: "287082" },
    answers: { 200: { description: "Signed in", schema: SignInAnswer, example: tokens } },
    refusals: [
      "mfa_token_invalid",
      "code_invalid",
      "passkey_invalid",
      "account_locked",
      "email_not_verified",
      "account_suspended",
    ],
  },

  askPasskeyOfLogin: {
    operationId: "askPasskeyOfLogin",
    summary: "What a login's passkey is asked with",
    tags,
    requestExample: { mfaToken },
    answers: { 200: { description: "For `navigator.credentials.get()`", schema: PasskeyQuestion, example: passkeyQuestion } },
    refusals: ["mfa_token_invalid"],
  },

  getFactors: {
    operationId: "getFactors",
    summary: "One's own second factors",
    tags,
    answers: {
      200: { description: "What there is", schema: Factors, example: { totp: true, passkeys: 1, recoveryCodesLeft: 9 } },
    },
    refusals: ["forbidden"],
  },

  askForTotp: {
    operationId: "askForTotp",
    summary: "Set up an authenticator app",
    description: "Counts for nothing until a code of it is confirmed, within 15 minutes.",
    tags,
    answers: {
      200: {
        description: "The secret (RFC 6238: SHA-1, six digits, 30 seconds)",
        schema: TotpSecret,
        example: {
          secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
          otpauthUrl:
            "otpauth://totp/Bilten:ada%40bilten.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bilten&algorithm=SHA1&digits=6&period=30",
        },
      },
    },
    refusals: ["forbidden", "factor_exists", "user_not_found"],
  },

  confirmTotp: {
    operationId: "confirmTotp",
    summary: "Switch the authenticator app on by its first code",
    description: "Its recovery codes replace all that were given before. The code is used up, as at login.",
    tags,
    requestExample: { code: "287082" },
    answers: { 200: { description: "Switched on", schema: RecoveryCodes, example: { recoveryCodes } } },
    refusals: ["forbidden", "code_invalid", "factor_missing", "factor_exists", "account_locked"],
  },

  disableTotp: {
    operationId: "disableTotp",
    summary: "Take the authenticator app away",
    description: "`code` is one of the app's, or a recovery code.",
    tags,
    requestExample: { password: PASSWORD, code: "287082" },
    answers: { 204: { description: "Taken away" } },
    refusals: ["forbidden", "invalid_credentials", "code_invalid", "factor_missing", "account_locked", "overloaded"],
  },

  renewRecoveryCodes: {
    operationId: "renewRecoveryCodes",
    summary: "Get ten new recovery codes",
    description: "All that were given before are worthless then.",
    tags,
    answers: { 200: { description: "The codes, shown once", schema: RecoveryCodes, example: { recoveryCodes } } },
    refusals: ["forbidden", "factor_missing"],
  },

  stepUp: {
    operationId: "stepUp",
    summary: "Prove again who one is",
    description:
      "For what answers 401 `insufficient_user_authentication` (RFC 9470). Takes the password, or a second factor as `POST /auth/mfa/verify` does; where the account has one, only that. Tokens of the same session with a new `auth_time`; the refresh token replaces the one in hand. A session shown by cookie gets another cookie and `csrfToken` in their place.",
    tags,
    requestExample: { password: PASSWORD },
    answers: { 200: { description: "Proved", schema: SignInAnswer, example: tokens } },
    refusals: [
      "forbidden",
      "invalid_credentials",
      "second_factor_required",
      "code_invalid",
      "passkey_invalid",
      "account_locked",
      "overloaded",
    ],
  },

  askPasskeyOfSession: {
    operationId: "askPasskeyOfSession",
    summary: "What a passkey is asked with to prove again who one is",
    tags,
    answers: { 200: { description: "For `navigator.credentials.get()`", schema: PasskeyQuestion, example: passkeyQuestion } },
    refusals: ["forbidden"],
  },
} as const satisfies Record<string, Operation>;
