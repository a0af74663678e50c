/** What a person agreed to and what not, and since when. Who never decided has agreed to nothing. */
import { z } from "zod";
import { Timestamp, toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";

export const PURPOSES = ["marketing", "analytics", "personalization"] as const;
type Purpose = (typeof PURPOSES)[number];
/** Of one purpose by one person: each stays as proof, and nobody changes his mind as often as this. */
export const MAX_DECISIONS = 1_000;

const Consent = z.object({
  granted: z.boolean(),
  /** Null where nobody decided yet. */
  decidedAt: Timestamp.nullable(),
});
export const Consents = z.object({ marketing: Consent, analytics: Consent, personalization: Consent }).meta({ id: "Consents" });
export type Consents = z.infer<typeof Consents>;

export const ConsentsChange = z
  .strictObject({ marketing: z.boolean(), analytics: z.boolean(), personalization: z.boolean() })
  .partial()
  .meta({ id: "ConsentsChange" });
export type ConsentsChange = z.infer<typeof ConsentsChange>;

export interface StoredConsents {
  consents: Consents;
  /** Decisions ever made. */
  version: number;
}

interface Row {
  purpose: Purpose;
  number: number;
  granted: number;
  decidedAtMs: number;
}

/** Each a step down an index, however often somebody decided. */
const NEWEST = `SELECT d.purpose, d.number, d.granted, d.decided_at_ms AS decidedAtMs
  FROM json_each('${JSON.stringify(PURPOSES)}') AS asked
  CROSS JOIN consent_decisions d ON d.rowid =
    (SELECT rowid FROM consent_decisions WHERE user_id = ?1 AND purpose = asked.value ORDER BY number DESC LIMIT 1)`;

const newest = (db: D1Database, userId: string): D1PreparedStatement => db.prepare(NEWEST).bind(userId);

function stored(rows: readonly Row[]): StoredConsents {
  const of = (purpose: Purpose): z.infer<typeof Consent> => {
    const row = rows.find((candidate) => candidate.purpose === purpose);
    return row ? { granted: row.granted === 1, decidedAt: toTimestamp(row.decidedAtMs) } : { granted: false, decidedAt: null };
  };
  return {
    consents: { marketing: of("marketing"), analytics: of("analytics"), personalization: of("personalization") },
    version: rows.reduce((sum, { number }) => sum + number, 0),
  };
}

export async function readConsents(db: D1Database, userId: string): Promise<StoredConsents> {
  return stored((await newest(db, userId).all<Row>()).results);
}

/**
 * Writes down what is decided anew; the same decision again is none. With `ifVersion` only while nothing was decided since. Of what was
 * decided `MAX_DECISIONS` times nothing can be agreed to any more, and the last agreement can always be withdrawn.
 */
export async function changeConsents(
  db: D1Database,
  userId: string,
  change: ConsentsChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<StoredConsents, Refusal<"version_stale" | "too_many_decisions">>> {
  const decide = db
    .prepare(
      `WITH newest AS (${NEWEST}),
         decided AS (SELECT said.key AS purpose, said.value AS granted, coalesce(newest.number, 0) AS decisions
                     FROM json_each(?3) AS said LEFT JOIN newest ON newest.purpose = said.key
                     WHERE said.value IS NOT newest.granted)
       INSERT INTO consent_decisions (user_id, purpose, number, granted, decided_at_ms)
       SELECT ?1, purpose, decisions + 1, granted, ?2 FROM decided
       WHERE (?4 IS NULL OR ?4 = (SELECT coalesce(sum(number), 0) FROM newest))
         AND NOT EXISTS (SELECT 1 FROM decided WHERE granted = 1 AND decisions >= ${MAX_DECISIONS})`,
    )
    .bind(userId, nowMs, JSON.stringify(change), ifVersion);
  const [before, , after] = await db.batch<Row>([newest(db, userId), decide, newest(db, userId)]);
  const known = before?.results ?? [];
  if (ifVersion !== null && stored(known).version !== ifVersion) return refuse({ code: "version_stale" });
  const isOver = known.some(
    ({ purpose, number, granted }) => change[purpose] === true && granted === 0 && number >= MAX_DECISIONS,
  );
  return isOver ? refuse({ code: "too_many_decisions" }) : ok(stored(after?.results ?? []));
}
