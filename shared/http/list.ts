import { z } from "zod";
import { fromBase64Url, toBase64Url, utf8 } from "../crypto/bytes";
import { Problem } from "./problem";

export const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 20;

/** `?limit=` and `?cursor=` of every list. */
export const listQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: z.string().max(1000).optional(),
};
export const ListQuery = z.object(listQuery);

/** The published form of a list. */
export const listOf = <S extends z.ZodType>(item: S) => z.object({ data: z.array(item), nextCursor: z.string().nullable() });

/** A keyset: the sort values of the last row of a page, so that rows which come in between neither repeat nor vanish. */
export const encodeCursor = (keyset: readonly (string | number)[]): string => toBase64Url(utf8(JSON.stringify(keyset)));

/** Null without a cursor; anything that this list's `encodeCursor` did not make is a 400. */
export function decodeCursor<S extends z.ZodType>(cursor: string | undefined, keyset: S): z.output<S> | null {
  if (cursor === undefined) return null;
  const bytes = fromBase64Url(cursor);
  try {
    return keyset.parse(bytes && JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    throw new Problem("invalid_cursor");
  }
}

/** Cuts a page out of `limit + 1` rows and names where the next one starts. */
export function page<Row, Item>(rows: Row[], limit: number, item: (row: Row) => Item, keyset: (row: Row) => (string | number)[]) {
  const last = rows[limit - 1];
  return {
    data: rows.slice(0, limit).map(item),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyset(last)) : null,
  };
}
