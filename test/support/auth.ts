/** The auth Worker's verbs without its siblings: what it would have sent is kept here. */
import { env } from "cloudflare:workers";
import type { AccountMail, Tokens } from "../../shared/contracts/accounts";
import type { Envelope } from "../../shared/contracts/messages";
import type { Audience } from "../../workers/auth/access-tokens";
import { logIn } from "../../workers/auth/login";
import { accountMailsOf } from "../../workers/auth/mails";
import { type Registration, register, verifyEmail } from "../../workers/auth/registration";
import type { SessionAnswer } from "../../workers/auth/sessions";
import { denyLists, loginGuards } from "./auth-objects";

export const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
export const PASSWORD = "a cup of earl grey";
export const HERE = { audience: "http://localhost:8787", organizerId: null };

const running: Promise<unknown>[] = [];
/** For `afterEach`: nothing may still write when the storage is emptied. */
export const settled = (): Promise<unknown> => Promise.all(running.splice(0));

export interface Auth {
  env: AuthEnv;
  after: Pick<ExecutionContext, "waitUntil">;
  /** What reached the mailboxes, once all that ran on is done. */
  heard(): Promise<Envelope[]>;
}

export function startAuth({ environment = "development", db = env.AUTH_DB, pwnedPasswordsApi = "" } = {}): Auth {
  const envelopes: Envelope[] = [];
  const sendBatch = async (messages: Iterable<MessageSendRequest>) => {
    for (const { body } of messages) envelopes.push(body as Envelope);
  };
  // Only `sendBatch` is ever called of a queue.
  const mailbox = { sendBatch } as unknown as Queue;
  return {
    env: {
      DB: db,
      DENY_LIST: denyLists(),
      LOGIN_GUARD: loginGuards(),
      USERS_MAILBOX: mailbox,
      NOTIFICATIONS_MAILBOX: mailbox,
      ENVIRONMENT: environment,
      ISSUER: HERE.audience,
      PWNED_PASSWORDS_API: pwnedPasswordsApi,
      KEY_ENCRYPTION_KEY: env.KEY_ENCRYPTION_KEY,
      ACCOUNT_TOKEN_KEY: env.ACCOUNT_TOKEN_KEY,
    },
    after: { waitUntil: (promise) => void running.push(promise) },
    heard: async () => {
      await settled();
      return envelopes;
    },
  };
}

export const draftOf = (email: string, change: Partial<Registration> = {}): Registration => ({
  email,
  password: PASSWORD,
  name: "Ada Lovelace",
  ...change,
});

export const verificationTokens = (auth: Auth, email: string, nowMs = NOW_MS): Promise<string[]> =>
  mailedTokens(auth, email, "verification", nowMs);

export async function registerVerified(auth: Auth, email: string, nowMs = NOW_MS): Promise<void> {
  await register(auth.env, auth.after, draftOf(email), nowMs);
  const [token = ""] = await verificationTokens(auth, email, nowMs);
  const verified = await verifyEmail(auth.env, auth.after, token, nowMs);
  if (!verified.ok) throw new Error(`not verified: ${verified.error.code}`);
}

/** What an account without a second factor gets for its password. */
export async function tokensOf(
  auth: Auth,
  email: string,
  { password = PASSWORD, audience = HERE, nowMs = NOW_MS }: { password?: string; audience?: Audience; nowMs?: number } = {},
): Promise<Tokens> {
  const answer = await logIn(auth.env, auth.after, { email, password }, audience, nowMs);
  if (!answer.ok) throw new Error(answer.error.code);
  if ("mfaRequired" in answer.value) throw new Error("a second factor is asked for");
  return tokensIn(answer.value);
}

/** Of whoever asked for no cookie. */
export function tokensIn(answer: SessionAnswer): Tokens {
  if ("secret" in answer) throw new Error("a cookie, and no tokens");
  return answer;
}

/** The codes of what logging in answers: `in`, `mfa` or the refusal's. */
export async function attempt(auth: Auth, email: string, password: string, nowMs = NOW_MS): Promise<string> {
  const answer = await logIn(auth.env, auth.after, { email, password }, HERE, nowMs);
  if (!answer.ok) return answer.error.code;
  return "mfaRequired" in answer.value ? "mfa" : "in";
}

/** Tokens of an address' mails of one kind, oldest first; those that are used or too old have none. */
export async function mailedTokens(auth: Auth, email: string, kind: AccountMail["kind"], nowMs = NOW_MS): Promise<string[]> {
  const { results } = await auth.env.DB.prepare(
    `SELECT m.id FROM account_mails m JOIN accounts a ON a.id = m.account_id
     WHERE a.email_key = lower(?) AND m.kind = ? ORDER BY m.created_at_ms, m.id`,
  )
    .bind(email, kind)
    .all<{ id: string }>();
  const mails = await accountMailsOf(
    auth.env,
    results.map(({ id }) => id),
    nowMs,
  );
  return results.flatMap(({ id }) => mails.find((mail) => mail.id === id)?.token ?? []);
}
