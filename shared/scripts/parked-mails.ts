/** The mails that were given up, after a day of tries or because their carrier refused them: read and queued again where they are owed. */
import { z } from "zod";
import { type Ask, isParkedId, type Place } from "./parked-messages.ts";

/** The mailbox whose owner writes the mails. */
const OWNER = "notifications";

const ParkedMail = z.object({
  id: z.string(),
  type: z.string(),
  source_id: z.string(),
  attempts: z.int(),
  created_at_ms: z.int(),
  settled_at_ms: z.int(),
});
export type ParkedMail = z.infer<typeof ParkedMail>;
const Named = z.object({ id: z.string() });

async function askOwner<S extends z.ZodObject>(ask: Ask, places: readonly Place[], row: S, sql: string) {
  const owner = places.find(({ mailbox }) => mailbox === OWNER);
  if (!owner) throw new Error(`Mails are parked in ${OWNER} alone.`);
  return z.array(row).parse(await ask(owner, sql));
}

/** The oldest first. */
export const listParkedMails = (ask: Ask, places: readonly Place[], limit: number): Promise<ParkedMail[]> =>
  askOwner(
    ask,
    places,
    ParkedMail,
    `SELECT ${Object.keys(ParkedMail.shape).join(", ")} FROM deliveries WHERE status = 'parked' ORDER BY created_at_ms, id LIMIT ${Math.trunc(limit)}`,
  );

/** All for null. They are as new: due at once, with all their tries. */
export async function requeueMails(ask: Ask, places: readonly Place[], ids: readonly string[] | null, nowMs: number) {
  if (ids && !ids.every(isParkedId)) throw new Error("not the id of a parked mail");
  const chosen = ids ? `AND id IN (${ids.map((id) => `'${id}'`).join(", ")})` : "";
  const queued = await askOwner(
    ask,
    places,
    Named,
    `UPDATE deliveries SET status = 'queued', attempts = 0, due_at_ms = ${Math.trunc(nowMs)}, settled_at_ms = NULL
     WHERE status = 'parked' ${chosen} RETURNING id`,
  );
  return queued.map(({ id }) => ({ mailbox: OWNER, id }));
}
