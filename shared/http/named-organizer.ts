/** For routes whose path names no organizer: where else he is named, and what strangers may know of him. */
import type { Context } from "hono";
import { z } from "zod";
import { Id } from "../contracts/ids";
import type { UsersRpc } from "../contracts/organizers";
import { errorsOf, readForm } from "./form";
import type { Subject } from "./guards";
import { Problem } from "./problem";

const InBody = z.looseObject({ organizerId: Id });
const InQuery = z.object({ organizerId: Id });

/**
 * The permission is decided before the rest of the form is looked at (API.md, order of checks). A body from which the organizer cannot
 * be read is the form's 400.
 */
export async function organizerOfBody(c: Context): Promise<string> {
  const read = await readForm(c, InBody);
  if (!read.ok) throw new Problem(read.error.code, read.error);
  return read.value.organizerId;
}

/** The same of a query, where it is required. */
export function organizerOfQuery(c: Context): string {
  const named = InQuery.safeParse(c.req.query());
  if (!named.success) throw new Problem("invalid_query", { errors: errorsOf(named.error) });
  return named.data.organizerId;
}

/** That an organizer exists is public. */
export const ofOrganizer = (users: Pick<UsersRpc, "organizers">, organizerId: string): Subject => ({
  organizerId,
  visible: async () => (await users.organizers([organizerId])).length > 0,
});
