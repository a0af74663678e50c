/** The OpenAPI pages of the routes about API keys. */
import type { Operation } from "../../shared/http/operation";
import { ApiKeyList, NewApiKey } from "./api-keys";
import { tags } from "./operation-examples";

const key = {
  id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c0739a1",
  name: "The box office's printer",
  hint: "bk_live_4Gq7",
  scopes: ["orders:read", "checkins:write"],
  organizerId: "0197f3b0-11aa-7d55-b1c4-7a6f5e4d3c2b",
  createdAt: "2027-06-01T18:00:00.000Z",
  expiresAt: "2028-06-01T18:00:00.000Z",
  lastUsedAt: null,
  rotatedFrom: null,
};
// Its checksum is wrong, so that no scanner takes the document for a leak.
const made = { ...key, key: "bk_live_4Gq7mZ0aTn3XbV9cLr5KpW2sYd8HfJ6eExample" };

export const operations = {
  createApiKey: {
    operationId: "createApiKey",
    summary: "Make an API key",
    description:
      "It acts for its maker in a team: as far as both his membership and its scopes go, and for one organizer where it names one. It buys as anybody may, and reads, pays and cancels what it ordered itself; its maker's own orders, holds and waiting list entries are none of its business. Its owner is told by mail. Needs a sign-in of the last five minutes. An account has 50 that work at most, not counting those that were replaced.",
    tags,
    requestExample: {
      name: key.name,
      scopes: key.scopes,
      organizerId: key.organizerId,
      expiresAt: key.expiresAt,
    },
    answers: { 201: { description: "The key, shown this once", schema: NewApiKey, example: made } },
    refusals: ["too_many_api_keys"],
  },

  listApiKeys: {
    operationId: "listApiKeys",
    summary: "The caller's API keys",
    description: "Those that work, the newest first.",
    tags,
    answers: {
      200: {
        description: "A page of keys",
        schema: ApiKeyList,
        example: { data: [{ ...key, lastUsedAt: "2027-06-02T08:30:00.000Z" }], nextCursor: null },
      },
    },
    refusals: ["invalid_cursor"],
  },

  revokeApiKey: {
    operationId: "revokeApiKey",
    summary: "End an API key",
    description: "Requests with it are refused within five seconds.",
    tags,
    answers: { 204: { description: "The key works no more" } },
    refusals: ["api_key_not_found"],
  },

  rotateApiKey: {
    operationId: "rotateApiKey",
    summary: "Replace an API key",
    description:
      "Makes another key with the same name, scopes, organizer and end. The old one goes on for `overlapSeconds` (0 to 604,800; a day unless said), so that programs can be changed over one by one. A key is replaced once; its owner is told by mail. With those that go on for their overlap an account has 100 that work at most.",
    tags,
    requestExample: { overlapSeconds: 3_600 },
    answers: {
      201: {
        description: "The new key, shown this once",
        schema: NewApiKey,
        example: { ...made, id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c0739b2", rotatedFrom: key.id },
      },
    },
    refusals: ["api_key_not_found", "state_moved", "too_many_api_keys"],
  },
} as const satisfies Record<string, Operation>;
