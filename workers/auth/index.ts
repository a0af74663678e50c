import { WorkerEntrypoint } from "cloudflare:workers";
import type { AuthRpc, SettableStatus, User } from "../../shared/contracts/accounts";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { accountOfEmail, accountsOf, rename } from "./accounts";
import { apiKeyOf } from "./api-keys";
import { cookieSessionOf } from "./cookie-sessions";
import { denied } from "./denials";
import { accountMailsOf } from "./mails";
import { app } from "./routes";
import { publicKeys } from "./signing-keys";
import { changeRole, changeStatus } from "./standing";
import { sweep } from "./sweep";

export { DenyList } from "../../durable-objects/deny-list";
export { LoginGuard } from "../../durable-objects/login-guard";

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
  denied() {
    return denied(this.env, this.ctx, Date.now());
  }
  apiKeyOf(hash: string) {
    return apiKeyOf(this.env, this.ctx, hash, Date.now());
  }
  cookieSessionOf(hash: string) {
    return cookieSessionOf(this.env, this.ctx, hash, Date.now());
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
  changeRole(actorId: string, id: string, role: User["role"], ifVersion: number | null = null) {
    return changeRole(this.env, this.ctx, actorId, id, role, ifVersion, Date.now());
  }
  changeStatus(actorId: string, id: string, status: SettableStatus, ifVersion: number | null = null) {
    return changeStatus(this.env, this.ctx, actorId, id, status, ifVersion, Date.now());
  }
  sweep() {
    return sweep(this.env, this.ctx);
  }
}

export default { fetch: serve(app) } satisfies ExportedHandler<AuthEnv>;
