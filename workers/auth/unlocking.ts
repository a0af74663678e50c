/** A lock's way out for the owner of the address: a mailed link, good for an hour and one use. */
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { reportError } from "../../shared/observability/report";
import type { Client } from "./clients";
import { unlockPerson } from "./login-guard";
import { mailIdOf, requestUnlock } from "./mails";
import { type After, send } from "./news";
import { recordEvent } from "./security-events";

export const UnlockToken = z.strictObject({ token: z.string().min(1).max(200) }).meta({ id: "UnlockToken" });

/** After the answer, so that its time does not tell that there is somebody to mail. */
export const mailUnlock = (env: AuthEnv, after: After, accountId: string, nowMs: number, client?: Client): void =>
  after.waitUntil(
    requestUnlock(env, accountId, nowMs, client)
      .then((news) => news && send(env, after, [news]))
      .catch((error: unknown) => reportError(error, env, after, { task: "mail an unlock" })),
  );

/** Ends the lock and the pauses of the address; what its network has guessed stays counted. */
export async function unlock(env: AuthEnv, token: string, nowMs: number): Promise<Result<null, Refusal<"invalid_token">>> {
  const mailId = await mailIdOf(env, "unlock", token);
  if (mailId === null) return refuse({ code: "invalid_token" });
  const owner = await env.DB.prepare(
    "SELECT accounts.id, accounts.email FROM account_mails JOIN accounts ON accounts.id = account_mails.account_id WHERE account_mails.id = ?",
  )
    .bind(mailId)
    .first<{ id: string; email: string }>();
  if (!owner) return refuse({ code: "invalid_token" });
  const use = env.DB.prepare(
    "UPDATE account_mails SET used_at_ms = ?1 WHERE id = ?2 AND kind = 'unlock' AND used_at_ms IS NULL AND expires_at_ms > ?1",
  ).bind(nowMs, mailId);
  if (!(await guardedBatch(env.DB, use, [recordEvent(env, owner.id, "unlocked", nowMs)])).ok)
    return refuse({ code: "invalid_token" });
  await unlockPerson(env, owner.email);
  return ok(null);
}
