/** How many wrong passwords are let pass, for one address of a person or of a network. Times in milliseconds. */
export interface GuardLimits {
  /** Tries that may be looked at at the same time. */
  atOnce: number;
  /** Wrong ones count together within this; with `Infinity` until a right one. */
  windowMs: number;
  /** Wrong ones in a row that cost nothing … */
  free: number;
  /** … each further one twice the pause of the last, beginning with this … */
  firstPauseMs: number;
  mostPauseMs: number;
  /** … but every so many lock; null where none does. */
  lockAt: number | null;
  /** The first lock; each further one is twice as long, up to the longest. */
  lockMs: number;
  mostLockMs: number;
  /** With this one it stays locked until a mailed link unlocks it, or all is forgotten; `Infinity` where none does that. */
  closeAt: number;
}

/** What a try is answered before it goes on. */
export interface Entered {
  /** 0 where nothing keeps it from going on. */
  waitMs: number;
  /** Wrong ones that count together with it, and tries that are being looked at. */
  suspicion: number;
}

/** What the end of a try is answered. */
export interface Guarded {
  /** 0 where nothing keeps it from going on. */
  waitMs: number;
  /** This wrong one has locked. */
  locked: boolean;
}
