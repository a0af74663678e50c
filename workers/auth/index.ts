import { WorkerEntrypoint } from "cloudflare:workers";
import type { AuthRpc } from "../../shared/contracts/accounts";
import { sweepOutbox } from "../../shared/d1/outbox";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { accountOfEmail, accountsOf, rename } from "./accounts";
import { accountMailsOf, sweepMails } from "./mails";
import { mailboxes } from "./news";
import { app } from "./routes";
import { sweepSessions } from "./sessions";
import { publicKeys } from "./signing-keys";

/** For sibling Workers. Not reachable from the internet. */
export class AuthService extends WorkerEntrypoint<AuthEnv> implements AuthRpc {
  async ping() {
    return "ok" as const;
  }
  openapi() {
    return openapiOf(app);
  }
  jwks() {
    return publicKeys(this.env, Date.now());
  }
  accounts(ids: string[]) {
    return accountsOf(this.env, ids);
  }
  accountOfEmail(email: string) {
    return accountOfEmail(this.env, email);
  }
  accountMails(ids: string[]) {
    return accountMailsOf(this.env, ids, Date.now());
  }
  rename(id: string, name: string, ifVersion: number | null) {
    return rename(this.env, this.ctx, id, name, ifVersion, Date.now());
  }
  async sweep() {
    return {
      announced: await sweepOutbox(this.env.DB, mailboxes(this.env), Date.now()),
      mails: await sweepMails(this.env, Date.now()),
      sessions: await sweepSessions(this.env, Date.now()),
    };
  }
}

export default { fetch: serve(app) } satisfies ExportedHandler<AuthEnv>;
