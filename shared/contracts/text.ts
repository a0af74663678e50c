import { z } from "zod";

/**
 * Text of more than one line: no control characters but tabs and line ends (a NUL ends the text for SQLite's `length()`, and so for
 * the CHECKs that count on it), no halves of surrogate pairs, which no UTF-8 can carry.
 */
export const Lines = z
  .string()
  .regex(/^(?:\P{Cc}|[\t\n\r])*$/u, "no control characters")
  .refine((text) => text.isWellFormed(), "Unicode text");

/**
 * Controls that turn the direction of all that follows (UAX 9, 2.1, 2.2, 2.4): with them a name reads otherwise on a page than at the
 * door. The marks U+200E, U+200F and U+061C, which move nobody else's letters, stay.
 */
const DIRECTION_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
/** The same refused, in the words of a JSON schema's pattern. */
const UNTURNED = /^[^\u202a-\u202e\u2066-\u2069]*$/u;

/** For what was kept before they were refused. */
export const withoutDirectionControls = (text: string): string => text.replaceAll(DIRECTION_CONTROLS, "");

/** What a thing is called, in UTF-16 units. */
export const Title = (max: number, min = 1) =>
  z.string().regex(UNTURNED, "no controls of the direction").trim().min(min).max(max);
