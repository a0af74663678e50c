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
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details. `code` is stable; `title` and `detail` are for people." });
export type ProblemBody = z.infer<typeof ProblemBody>;
