/** The OpenAPI pages of passkeys' routes. */
import { SignInAnswer } from "../../shared/contracts/cookie-session";
import type { Operation } from "../../shared/http/operation";
import { EMAIL, passkeyQuestion, recoveryCodes, tags, tokens } from "./operation-examples";
import { AddedPasskey, Passkey, PasskeyInvitation, PasskeyList } from "./passkey-forms";
import { PasskeyQuestion } from "./passkey-proofs";

const passkey = {
  id: "0197f3c9-1c2d-7e3f-8a4b-5c6d7e8f9a0b",
  name: "My phone",
  backedUp: true,
  createdAt: "2027-06-01T18:05:00.000Z",
  lastUsedAt: null,
};
const CREDENTIAL_ID = "dGhlIGNyZWRlbnRpYWwncyBpZA";
const assertion = {
  id: CREDENTIAL_ID,
  rawId: CREDENTIAL_ID,
  type: "public-key",
  response: {
    clientDataJSON: "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0",
    authenticatorData: "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ",
    signature: "MEUCIQDuJ8",
    userHandle: "MDE5N2YzYzI",
  },
  clientExtensionResults: {},
};
const attestation = {
  id: CREDENTIAL_ID,
  rawId: CREDENTIAL_ID,
  type: "public-key",
  response: {
    clientDataJSON: "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0",
    attestationObject: "o2NmbXRkbm9uZWdhdHRTdG10oA",
    transports: ["internal"],
  },
  clientExtensionResults: {},
};

export const operations = {
  askAnyPasskey: {
    operationId: "askAnyPasskey",
    summary: "What a sign-in by passkey alone is asked with",
    description:
      "The browser offers whichever passkeys it has for this host. The challenge is good for one answer, for five minutes.",
    tags,
    answers: { 200: { description: "For `navigator.credentials.get()`", schema: PasskeyQuestion, example: passkeyQuestion } },
  },

  logInByPasskey: {
    operationId: "logInByPasskey",
    summary: "Sign in with a passkey alone",
    description: "Takes no password and no other factor: the person unlocked the passkey. On the main host only.",
    tags,
    requestExample: { credential: assertion },
    answers: { 200: { description: "Signed in", schema: SignInAnswer, example: tokens } },
    refusals: ["passkey_invalid", "main_host_required", "email_not_verified", "account_suspended"],
  },

  invitePasskey: {
    operationId: "invitePasskey",
    summary: "What a new passkey is made with",
    tags,
    answers: {
      200: {
        description: "For `navigator.credentials.create()`",
        schema: PasskeyInvitation,
        example: {
          challenge: passkeyQuestion.challenge,
          rp: { id: passkeyQuestion.rpId, name: "Bilten" },
          user: { id: "MDE5N2YzYzI", name: EMAIL, displayName: "Ada Lovelace" },
          pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        },
      },
    },
    refusals: ["forbidden", "user_not_found", "too_many_passkeys"],
  },

  addPasskey: {
    operationId: "addPasskey",
    summary: "Add a passkey",
    description: "From then on the password alone does not open the account. With its first factor come recovery codes.",
    tags,
    requestExample: { name: passkey.name, credential: attestation },
    answers: { 201: { description: "Added", schema: AddedPasskey, example: { ...passkey, recoveryCodes } } },
    refusals: ["forbidden", "attestation_invalid", "passkey_exists", "too_many_passkeys"],
  },

  listPasskeys: {
    operationId: "listPasskeys",
    summary: "One's own passkeys",
    tags,
    answers: {
      200: { description: "At most 20, oldest first", schema: PasskeyList, example: { data: [passkey], nextCursor: null } },
    },
    refusals: ["forbidden"],
  },

  renamePasskey: {
    operationId: "renamePasskey",
    summary: "Give a passkey another name",
    description: "`If-Match`, of what the last renaming answered, is optional.",
    tags,
    requestExample: { name: passkey.name },
    answers: { 200: { description: "Renamed", schema: Passkey, example: passkey } },
    refusals: ["forbidden", "passkey_not_found", "version_stale"],
  },

  removePasskey: {
    operationId: "removePasskey",
    summary: "Take a passkey away",
    tags,
    answers: { 204: { description: "Taken away" } },
    refusals: ["forbidden", "passkey_not_found"],
  },
} as const satisfies Record<string, Operation>;
