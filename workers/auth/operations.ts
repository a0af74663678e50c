/** The OpenAPI pages of auth's routes. */
import { z } from "zod";
import { LoginAnswer, Tokens, User } from "../../shared/contracts/accounts";
import { CookieSession } from "../../shared/contracts/cookie-session";
import type { Operation } from "../../shared/http/operation";
import { EMAIL, PASSWORD, tags, tokens, user } from "./operation-examples";
import { Registered, Verified } from "./registration";

const JsonWebKeySet = z
  .object({
    keys: z.array(
      z.looseObject({ kty: z.string(), kid: z.string(), alg: z.string(), use: z.literal("sig"), n: z.string(), e: z.string() }),
    ),
  })
  .meta({ id: "JsonWebKeySet", description: "RFC 7517; public members only" });

const Discovery = z
  .object({
    issuer: z.url(),
    jwks_uri: z.url(),
    response_types_supported: z.array(z.string()),
    subject_types_supported: z.array(z.string()),
    id_token_signing_alg_values_supported: z.array(z.string()),
  })
  .meta({ id: "Discovery", description: "OpenID Connect Discovery 1.0, as far as Bilten is a provider" });

export const operations = {
  register: {
    operationId: "register",
    summary: "Open an account",
    description:
      "Mails a verification token. A taken address gets the same answer, and its owner a mail; while nobody has confirmed it, each registration gets its own token, which installs its own password. Passwords have 8 to 256 characters after Unicode's NFKC, and are none of the most common, none that is little more than the account's own name or address, and none that is known from a leak where that is asked.",
    tags,
    requestExample: { email: EMAIL, password: PASSWORD, name: "Ada Lovelace" },
    answers: {
      201: {
        description: "The account waits for its verification",
        schema: Registered,
        example: { user: { email: EMAIL, name: "Ada Lovelace", status: "pending" } },
      },
    },
    refusals: ["overloaded"],
  },

  verifyEmail: {
    operationId: "verifyEmail",
    summary: "Confirm an address by the mailed token",
    tags,
    requestExample: { token: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f.3Yx0Wk1nRr2qJc7bVn8mLp5sTd9fHg4eUo6aZi0yXwE" },
    answers: { 200: { description: "The account is active", schema: Verified, example: { user } } },
    refusals: ["invalid_token"],
  },

  showVerification: {
    operationId: "showVerification",
    summary: "The page behind the mailed link",
    description: "Confirms nothing by itself; its button posts the token.",
    tags,
    answers: { 200: { description: "A page", contentType: "text/html" } },
  },

  resendVerification: {
    operationId: "resendVerification",
    summary: "Ask for the verification mail again",
    description:
      "Always 202, whether there is such an account or not. An account gets one such mail a minute. After several registrations of one address register again instead.",
    tags,
    requestExample: { email: EMAIL },
    answers: { 202: { description: "If there is something to verify, a mail is on its way" } },
  },

  logIn: {
    operationId: "logIn",
    summary: "Sign in with a password",
    description:
      "Tokens, or `mfaRequired` with a token for `POST /auth/mfa/verify` where the account has a second factor. On an organizer's host the session works on that host only. Each ten wrong passwords in a row, however long they take, lock the address, whether it has an account or not: for 15 minutes, for twice as long each further time, up to a day, and the hundredth until a mailed link opens it. A right one ends the row. The owner gets a link by mail that unlocks. Before that, each further wrong one asks for a longer pause. With `x-session: cookie` a page of this origin gets a `CookieSession` in the place of tokens, and whoever was signed in there by cookie before is signed out.",
    tags,
    requestExample: { email: "organizer@bilten.example", password: "correct-horse-battery" },
    answers: {
      200: {
        description: "Signed in, or asked for a second factor",
        schema: z.union([LoginAnswer, CookieSession]),
        example: tokens,
      },
    },
    refusals: ["invalid_credentials", "account_locked", "overloaded", "email_not_verified", "account_suspended"],
  },

  unlock: {
    operationId: "unlockAccount",
    summary: "End a lock by the mailed token",
    description: "The token is good for an hour and one use.",
    tags,
    requestExample: { token: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f.3Yx0Wk1nRr2qJc7bVn8mLp5sTd9fHg4eUo6aZi0yXwE" },
    answers: { 204: { description: "The owner can sign in again" } },
    refusals: ["invalid_token"],
  },

  showUnlock: {
    operationId: "showUnlock",
    summary: "The page behind the mailed link that unlocks",
    description: "Unlocks nothing by itself; its button posts the token.",
    tags,
    answers: { 200: { description: "A page", contentType: "text/html" } },
  },

  refresh: {
    operationId: "refresh",
    summary: "Stay signed in",
    description: "Each refresh token works once. A second use revokes the whole session.",
    tags,
    requestExample: { refreshToken: tokens.refreshToken },
    answers: { 200: { description: "The next pair of tokens", schema: Tokens, example: tokens } },
    refusals: ["refresh_token_invalid", "refresh_token_reused", "email_not_verified", "account_suspended"],
  },

  logOut: {
    operationId: "logOut",
    summary: "Sign out of this session",
    description: "Takes the cookie away, where one shows the session.",
    tags,
    answers: { 204: { description: "The session is revoked" } },
    refusals: ["forbidden"],
  },

  jwks: {
    operationId: "getJwks",
    summary: "The keys that verify access tokens",
    tags,
    answers: {
      200: {
        description: "JSON Web Key Set",
        schema: JsonWebKeySet,
        example: { keys: [{ kty: "RSA", kid: "NzbLsXh8", alg: "RS256", use: "sig", n: "0vx7agoebGcQ", e: "AQAB" }] },
      },
    },
  },

  discovery: {
    operationId: "getOpenIdConfiguration",
    summary: "Who issues access tokens, and where its keys are",
    tags,
    answers: {
      200: {
        description: "Discovery document",
        schema: Discovery,
        example: {
          issuer: "https://api.bilten.example",
          jwks_uri: "https://api.bilten.example/.well-known/jwks.json",
          response_types_supported: [],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        },
      },
    },
  },

  setRole: {
    operationId: "setRoleInDevelopment",
    summary: "Give an account a role (development only)",
    tags,
    requestExample: { role: "admin" },
    answers: { 200: { description: "The account", schema: User, example: { ...user, role: "admin" } } },
    refusals: ["user_not_found"],
  },
} as const satisfies Record<string, Operation>;
