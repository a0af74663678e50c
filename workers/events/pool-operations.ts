/** The pages of pools in the OpenAPI document. */
import { Pool } from "../../shared/contracts/pools";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";
import * as example from "./operation-examples";
import { changeRefusals } from "./operations";

const NUMBERS =
  "What is sold, held and kept back is never more than the capacity: what would be is refused with `poolId`, `capacity`, `sold`, `held` and `blocked`.";

export const poolOperations = {
  listPools: {
    operationId: "listPools",
    summary: "What an event's stock is counted by, as it stands now",
    description:
      "The event's own pool (its capacity, by the event's id), each ticket type's (its quantity, by the type's id) and those that its organizer made. A ticket is sold only if every pool of its type has room.",
    tags: ["pools"],
    answers: {
      200: { description: "All of them", schema: listOf(Pool), example: { data: example.pools, nextCursor: null } },
    },
    refusals: ["overloaded"],
  },
  createPool: {
    operationId: "createPool",
    summary: "Add a pool",
    description: `A shared pool limits all ticket types that name it in \`poolIds\`. An allocation keeps its capacity back within other pools, for the types that name it and for nobody else. ${NUMBERS}`,
    tags: ["pools"],
    requestExample: example.poolDraft,
    answers: { 201: { description: "The pool", schema: Pool, example: example.allocation } },
    refusals: ["too_many_pools", ...changeRefusals],
  },
  updatePool: {
    operationId: "updatePool",
    summary: "Change a pool of one's own making",
    description: `Changes the fields present and leaves the others; \`If-Match\` is optional. ${NUMBERS}`,
    tags: ["pools"],
    requestExample: { capacity: 25 },
    answers: {
      200: { description: "The pool as it stands now", schema: Pool, example: { ...example.allocation, capacity: 25 } },
    },
    refusals: ["pool_not_found", ...changeRefusals],
  },
  deletePool: {
    operationId: "deletePool",
    summary: "Remove a pool that nothing draws from",
    description: "What an allocation kept back is on sale again.",
    tags: ["pools"],
    answers: { 204: { description: "It is gone" } },
    refusals: ["pool_not_found", "pool_in_use", ...changeRefusals],
  },
  movePool: {
    operationId: "movePool",
    summary: "Move capacity from one pool to another",
    description: `One change, also while on sale. Between an allocation and a pool around it the allocation alone changes its size: from it is a release, to it keeps more back. ${NUMBERS}`,
    tags: ["pools"],
    requestExample: example.poolMove,
    answers: { 200: { description: "The pool that gave, as it stands now", schema: Pool, example: example.allocation } },
    refusals: ["pool_not_found", ...changeRefusals],
  },
} as const satisfies Record<string, Operation>;
