/** What a person agreed to and what not, and since when. Who never decided has agreed to nothing. */
import { z } from "zod";
import { Timestamp, toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";

export const PURPOSES = ["marketing", "analytics", "personalization"] as const;
type Purpose = (typeof PURPOSES)[number];

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

/** SQLite takes the other columns from the row that has the maximum. */
const newest = (db: D1Database, userId: string): D1PreparedStatement =>
  db
    .prepare(
      `SELECT purpose, max(number) AS number, granted, decided_at_ms AS decidedAtMs FROM consent_decisions
       WHERE user_id = ? GROUP BY purpose`,
    )
    .bind(userId);

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

/** Writes down what is decided anew; the same decision again is none. With `ifVersion` only while nothing was decided since. */
export async function changeConsents(
  db: D1Database,
  userId: string,
  change: ConsentsChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<StoredConsents, Refusal<"version_stale">>> {
  const decide = db
    .prepare(
      `INSERT INTO consent_decisions (user_id, purpose, number, granted, decided_at_ms)
       SELECT ?1, said.key, coalesce(max(d.number), 0) + 1, said.value, ?2
       FROM json_each(?3) AS said LEFT JOIN consent_decisions d ON d.user_id = ?1 AND d.purpose = said.key
       WHERE ?4 IS NULL OR ?4 = (SELECT count(*) FROM consent_decisions WHERE user_id = ?1)
       GROUP BY said.key, said.value
       HAVING said.value <> coalesce((SELECT granted FROM consent_decisions last WHERE last.user_id = ?1 AND last.purpose = said.key
                                      ORDER BY last.number DESC LIMIT 1), -1)`,
    )
    .bind(userId, nowMs, JSON.stringify(change), ifVersion);
  const [before, , after] = await db.batch<Row>([newest(db, userId), decide, newest(db, userId)]);
  if (ifVersion !== null && stored(before?.results ?? []).version !== ifVersion) return refuse({ code: "version_stale" });
  return ok(stored(after?.results ?? []));
}
