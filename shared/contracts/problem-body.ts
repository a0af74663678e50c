import { z } from "zod";

/** The body of every `application/problem+json` answer. */
export const ProblemBody = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    code: z.string(),
    requestId: z.string(),
    available: z
      .array(z.object({ ticketTypeId: z.string(), available: z.int() }))
      .optional()
      .meta({ description: "`sold_out`: what is left of every type that was asked for" }),
    reason: z.string().optional().meta({
      description:
        "`sold_out` of seats, where their number alone does not say it: `accessible_seats` (too few are left; `seatIds` are those), `whole_tables` (tables are sold whole, and none or not all of them make up the number; `seatIds` are the smallest ones'), `sections` (there would be room in others), `seats_taken` (`seatIds` of those asked for)",
    }),
    seatIds: z.array(z.string()).optional().meta({ description: "`seat_…` and `sold_out`: the seats meant" }),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details. `code` is stable; `title` and `detail` are for people." });
export type ProblemBody = z.infer<typeof ProblemBody>;
