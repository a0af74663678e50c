/** An account's authenticator app, set up and confirmed. */
import { Secret, TOTP } from "otpauth";
import type { SignedIn } from "../../workers/auth/callers";
import { askForTotp, confirmTotp } from "../../workers/auth/totp-factors";
import type { Auth } from "./auth";

export interface App {
  /** What the app says at this moment. */
  codeAt(nowMs: number): string;
  recoveryCodes: string[];
}

/** Confirmed at `nowMs`, which uses that step up. */
export async function addApp(auth: Auth, who: SignedIn, nowMs: number): Promise<App> {
  const asked = await askForTotp(auth.env, who, nowMs);
  if (!asked.ok) throw new Error(asked.error.code);
  const app = new TOTP({ secret: Secret.fromBase32(asked.value.secret) });
  const codeAt = (timestamp: number) => app.generate({ timestamp });
  const confirmed = await confirmTotp(auth.env, auth.after, who, codeAt(nowMs), nowMs);
  if (!confirmed.ok) throw new Error(confirmed.error.code);
  return { codeAt, recoveryCodes: confirmed.value.recoveryCodes };
}
