import type { SweepReport } from "../../shared/contracts/domain";
import { outboxLag, sweepOutbox } from "../../shared/d1/outbox";
import { runSteps } from "../../shared/observability/sweep-steps";
import { sweepApiKeys } from "./api-keys";
import { sweepDenials } from "./denials";
import { sweepMails } from "./mails";
import { sweepMfaLogins } from "./mfa-logins";
import { type After, mailboxes } from "./news";
import { sweepChallenges } from "./passkey-challenges";
import { sweepPending } from "./pending-accounts";
import { sweepSecurityEvents } from "./security-events";
import { sweepSessions } from "./sessions";
import { rotateSigningKeys } from "./signing-keys";

/** Bounded and resumable (rule 23): what is left is the next minute's. */
export const sweep = (env: AuthEnv, after: After): Promise<SweepReport> =>
  runSteps(env, after, {
    announced: () => sweepOutbox(env.DB, mailboxes(env), Date.now()),
    apiKeys: () => sweepApiKeys(env, Date.now()),
    denials: () => sweepDenials(env, Date.now()),
    mails: () => sweepMails(env, Date.now()),
    pendingAccounts: () => sweepPending(env, after, Date.now()),
    signingKeys: () => rotateSigningKeys(env, Date.now()),
    securityEvents: () => sweepSecurityEvents(env, Date.now()),
    sessions: () => sweepSessions(env, Date.now()),
    mfaLogins: () => sweepMfaLogins(env, Date.now()),
    challenges: () => sweepChallenges(env, Date.now()),
    outbox: () => outboxLag(env.DB, Date.now()),
  });
