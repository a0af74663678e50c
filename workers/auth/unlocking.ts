/** A lock's way out for the owner of the address: a mailed link, good for an hour and one use. */
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { reportError } from "../../shared/observability/report";
import type { Client } from "./clients";
import { unlockPerson } from "./login-guard";
import { openMailedLink } from "./mailed-links";
import { requestUnlock } from "./mails";
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

/**
 * Ends the lock and the pauses of the address; what its network has guessed stays counted. The guard hears of it before the link is used
 * up: where it does not answer, the link still does.
 */
export async function unlock(env: AuthEnv, token: string, nowMs: number): Promise<Result<null, Refusal<"invalid_token">>> {
  const link = await openMailedLink(env, "unlock", token, nowMs);
  if (!link) return refuse({ code: "invalid_token" });
  await unlockPerson(env, link.account.email);
  const used = await guardedBatch(env.DB, link.use, [recordEvent(env, link.account.id, "unlocked", nowMs)]);
  return used.ok ? ok(null) : refuse({ code: "invalid_token" });
}
