import { ok, type Result, refuse } from "../contracts/result";

/** Part of every database that moves state: the only row that can ever stand in it is one that its own batch deletes again. */
export const GUARD_CONSTRAINT = "state_moved";

/**
 * Moves state with its effects, or does nothing (rule 16).
 *
 * A compare-and-set that updates no row does not stop the statements after it in a D1 batch; the guard's CHECK does, because a
 * constraint error rolls the whole batch back. `compareAndSet` must change exactly one row when the state is the expected one.
 */
export async function guardedBatch(
  db: D1Database,
  compareAndSet: D1PreparedStatement,
  effects: readonly D1PreparedStatement[],
): Promise<Result<D1Result[], { code: "state_moved" }>> {
  try {
    const results = await db.batch([
      compareAndSet,
      db.prepare("INSERT INTO guard (ok) SELECT changes()"),
      ...effects,
      db.prepare("DELETE FROM guard"),
    ]);
    return ok([results[0] as D1Result, ...results.slice(2, -1)]);
  } catch (error) {
    if (isConstraint(error, GUARD_CONSTRAINT)) return refuse({ code: "state_moved" });
    throw error;
  }
}

/** True for a violation of this named CHECK, or of a UNIQUE/PRIMARY KEY on this `table.column`. */
export const isConstraint = (error: unknown, name: string): boolean =>
  error instanceof Error &&
  new RegExp(`(CHECK|UNIQUE) constraint failed: ${name.replace(".", "\\.")}(\\b|$)`).test(error.message);
