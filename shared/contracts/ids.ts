import { z } from "zod";

/** Any UUID version is well-formed (a client may name one that another system made). */
export const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const Id = z.string().toLowerCase().regex(UUID_PATTERN, "a UUID").meta({ format: "uuid" });

/** A moment on the wire: RFC 3339 with an offset; answers are always in UTC with milliseconds. */
export const Timestamp = z.iso.datetime({ offset: true }).meta({ description: "RFC 3339", example: "2027-06-01T18:00:00.000Z" });

export const toTimestamp = (ms: number): string => new Date(ms).toISOString();
