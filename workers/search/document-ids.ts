/** A document's id is the minute of its start and a number within it: what is read in the order of ids comes in the order of time. */

const MINUTE_MS = 60_000;
/** Documents of one minute; with it every id of the years 0 to 9999 is an integer that JavaScript holds. */
const IDS_A_MINUTE = 2 ** 20;

export const firstIdOf = (startsAtMs: number): number => Math.floor(startsAtMs / MINUTE_MS) * IDS_A_MINUTE;
export const lastIdOf = (startsAtMs: number): number => firstIdOf(startsAtMs) + IDS_A_MINUTE - 1;
