import { z } from "zod";

/**
 * Text of more than one line: no control characters but tabs and line ends (a NUL ends the text for SQLite's `length()`, and so for
 * the CHECKs that count on it), no halves of surrogate pairs, which no UTF-8 can carry.
 */
export const Lines = z
  .string()
  .regex(/^(?:\P{Cc}|[\t\n\r])*$/u, "no control characters")
  .refine((text) => text.isWellFormed(), "Unicode text");
