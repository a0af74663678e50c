/** A second factor that did not fit is written down for its owner, and told by mail when the tries are used up: somebody got so far. */
import { reportError } from "../../shared/observability/report";
import type { Client } from "./clients";
import { tellFactorLock } from "./mails";
import type { SecondFactor } from "./mfa-methods";
import { type After, send } from "./news";
import { recordFailure } from "./security-events";

/** After the answer. A code that was used before is as wrong as one that never was. */
export function noteWrongFactor(
  env: AuthEnv,
  after: After,
  accountId: string,
  method: SecondFactor,
  nowMs: number,
  client?: Client,
): void {
  recordFailure(env, after, accountId, method === "webauthn" ? "passkey_failed" : "second_factor_failed", nowMs, client);
  if (method === "webauthn") return;
  after.waitUntil(
    tellFactorLock(env, accountId, nowMs, client)
      .then((news) => news && send(env, after, [news]))
      .catch((error: unknown) => reportError(error, env, after, { task: "tell a factor's lock" })),
  );
}
