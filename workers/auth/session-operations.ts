/** The OpenAPI pages of the routes about sessions. */
import { CurrentSession } from "../../shared/contracts/cookie-session";
import type { Operation } from "../../shared/http/operation";
import { cookieSession, tags } from "./operation-examples";
import { SecurityEventList } from "./security-events";
import { SessionList } from "./session-list";

export const operations = {
  getSession: {
    operationId: "getSession",
    summary: "The session that asks",
    description:
      "For a page that was loaded anew: who is signed in, and the token that goes with the cookie in what changes something. Of a session shown by a token `csrfToken` is null.",
    tags,
    answers: {
      200: {
        description: "The session",
        schema: CurrentSession,
        example: { ...cookieSession, authTime: "2027-06-01T18:00:00.000Z" },
      },
    },
  },

  listSessions: {
    operationId: "listSessions",
    summary: "Where the caller is signed in",
    description:
      "Sessions that live, the newest first. Device and place are what the client and its network said at sign-in. There are a hundred at most: with one more the one that was used longest ago ends.",
    tags,
    answers: {
      200: {
        description: "A page of sessions",
        schema: SessionList,
        example: {
          data: [
            {
              id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c073990",
              current: true,
              device: "Firefox on Linux",
              place: "Vienna, AT",
              host: null,
              createdAt: "2027-06-01T18:00:00.000Z",
              lastUsedAt: "2027-06-02T08:30:00.000Z",
              expiresAt: "2027-07-02T08:30:00.000Z",
            },
          ],
          nextCursor: null,
        },
      },
    },
    refusals: ["invalid_cursor"],
  },

  listSecurityEvents: {
    operationId: "listSecurityEvents",
    summary: "What happened to the caller's account",
    description:
      "Sign-ins and what failed of them, locks, and changes of password, factors, keys, role and status of the last 180 days, the newest first. Device and place are those that it came from, where they are known. Of each kind of failure 50 a day are kept. Clients must expect kinds that are not listed.",
    tags,
    answers: {
      200: {
        description: "A page of events",
        schema: SecurityEventList,
        example: {
          data: [
            {
              id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c0739c3",
              kind: "new_device",
              at: "2027-06-01T18:00:00.000Z",
              device: "Firefox on Linux",
              place: "Vienna, AT",
            },
          ],
          nextCursor: null,
        },
      },
    },
    refusals: ["invalid_cursor"],
  },

  endSession: {
    operationId: "endSession",
    summary: "Sign out of one session",
    description: "Its refresh token is useless at once, its access tokens within ten seconds.",
    tags,
    answers: { 204: { description: "The session has ended" } },
    refusals: ["session_not_found"],
  },

  endOtherSessions: {
    operationId: "endOtherSessions",
    summary: "Sign out everywhere else",
    description: "Ends all sessions of the caller but the one that asks.",
    tags,
    answers: { 204: { description: "This session is the only one" } },
  },
} as const satisfies Record<string, Operation>;
