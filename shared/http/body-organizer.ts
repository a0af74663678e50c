import type { Context } from "hono";
import { z } from "zod";
import { Id } from "../contracts/ids";
import { readForm } from "./form";
import { Problem } from "./problem";

const NamesOrganizer = z.looseObject({ organizerId: Id });

/**
 * The organizer that a body names, for `memberGuard` on routes whose path names none: the permission is decided before the rest of
 * the form is looked at (API.md, order of checks). A body from which it cannot be read is the form's 400.
 */
export async function organizerOfBody(c: Context): Promise<string> {
  const read = await readForm(c, NamesOrganizer);
  if (!read.ok) throw new Problem(read.error.code, read.error);
  return read.value.organizerId;
}
