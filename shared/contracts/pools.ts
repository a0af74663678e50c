/** What an event's stock is counted by, beside its capacity and its types' quantities. */
import { z } from "zod";
import { MAX_CAPACITY, PoolIds } from "./events";
import { Id } from "./ids";

/** Of an event, beside its own and its types'. */
export const MAX_POOLS = 50;

const poolFields = {
  name: z.string().trim().min(1).max(200),
  capacity: z.int().min(0).max(MAX_CAPACITY),
  withinPoolIds: PoolIds.optional().meta({
    description:
      "Of an allocation: shared pools, types' own by the type's id, or the event's by the event's id, which is the default",
  }),
};
export const PoolDraft = z
  .strictObject({
    ...poolFields,
    kind: z
      .enum(["shared", "allocation"])
      .optional()
      .meta({ description: "An allocation keeps tickets back within other pools; by default what names `withinPoolIds` is one" }),
  })
  .superRefine(({ kind, withinPoolIds = [] }, ctx) => {
    if (kind === "shared" && withinPoolIds.length > 0)
      ctx.addIssue({ code: "custom", path: ["withinPoolIds"], message: "is for allocations" });
  })
  .meta({ id: "PoolDraft" });
export type PoolDraft = z.infer<typeof PoolDraft>;
export const PoolChange = z.strictObject(poolFields).partial().meta({ id: "PoolChange" });
export type PoolChange = z.infer<typeof PoolChange>;

/** Stock is counted by pools: `sold + held + blocked` is never more than `capacity`, and `available` is what is left. */
export const Pool = z
  .object({
    /** A UUID of the organizer's pools, the event's id, a ticket type's, or a name that the house gives. */
    id: z.string(),
    name: z.string(),
    kind: z.enum(["event", "ticket_type", "seat_category", "shared", "allocation"]),
    capacity: z.int(),
    withinPoolIds: z.array(z.string()),
    sold: z.int(),
    held: z.int(),
    blocked: z.int().meta({ description: "Kept back: what allocations within it have left, and blocked seats" }),
    available: z.int(),
  })
  .meta({ id: "Pool" });
export type Pool = z.infer<typeof Pool>;

export const PoolMove = z.strictObject({ toPoolId: Id, quantity: z.int().min(1).max(MAX_CAPACITY) }).meta({ id: "PoolMove" });
export type PoolMove = z.infer<typeof PoolMove>;
