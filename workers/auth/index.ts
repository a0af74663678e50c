import { WorkerEntrypoint } from "cloudflare:workers";
import type { AuthRpc } from "../../shared/contracts/accounts";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { accountOfEmail, accountsOf, rename } from "./accounts";
import { accountMailsOf } from "./mails";
import { app } from "./routes";
import { publicKeys } from "./signing-keys";
import { sweep } from "./sweep";

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
  sweep() {
    return sweep(this.env, this.ctx);
  }
}

export default { fetch: serve(app) } satisfies ExportedHandler<AuthEnv>;
