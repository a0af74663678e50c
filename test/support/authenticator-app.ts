/** An account's authenticator app, set up and confirmed. */
import { Secret, TOTP } from "otpauth";
import type { Client } from "../../workers/auth/clients";
import { askForTotp, confirmTotp } from "../../workers/auth/totp-factors";
import type { Auth } from "./auth";

export interface App {
  /** What the app says at this moment. */
  codeAt(nowMs: number): string;
  recoveryCodes: string[];
}

/** Confirmed at `nowMs`, which uses that step up. */
export async function addApp(auth: Auth, accountId: string, nowMs: number, client?: Client): Promise<App> {
  const asked = await askForTotp(auth.env, accountId, nowMs);
  if (!asked.ok) throw new Error(asked.error.code);
  const app = new TOTP({ secret: Secret.fromBase32(asked.value.secret) });
  const codeAt = (timestamp: number) => app.generate({ timestamp });
  const confirmed = await confirmTotp(auth.env, auth.after, accountId, codeAt(nowMs), nowMs, client);
  if (!confirmed.ok) throw new Error(confirmed.error.code);
  return { codeAt, recoveryCodes: confirmed.value.recoveryCodes };
}
