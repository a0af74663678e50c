/** Access tokens that are refused though they have not expired: of a session that ended, or of an account that is not what it was. */

/** Milliseconds that a denial is kept: an access token lives ten minutes; one more for clocks that differ. */
export const KEPT_MS = 11 * 60_000;

/** As the claims of an access token name it. */
export type DeniedClaim = "sub" | "sid";

export interface Denial {
  claim: DeniedClaim;
  id: string;
  /** Milliseconds: tokens issued before it are refused. */
  notBeforeMs: number;
}

/** The whole list as it stood at `asOfMs` (milliseconds). */
export interface Denied {
  asOfMs: number;
  /** Everybody's tokens issued before it are refused: there were more denials than the list keeps apart. 0 while there never were. */
  allNotBeforeMs: number;
  denials: Denial[];
}
