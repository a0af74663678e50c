/** Auth's Durable Objects, whose class the runtime tests' Worker does not have, each on the storage of an object that it has. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { DenyList } from "../../durable-objects/deny-list";
import { LoginGuard } from "../../durable-objects/login-guard";

const VERSION = "schema_version";
const PUT_AWAY = "stand_in_version";

/** The host is put away after ten seconds and made anew, and must not take what stands in its storage for its own. */
function rename(sql: SqlStorage, from: string, to: string): void {
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", from).toArray().length > 0)
    sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
}

/** Calls that wait for the one before them, by object. */
const turns = new Map<string, Promise<unknown>>();

/** Every call makes the object anew, so that it remembers what it stored and nothing else. */
function standInOf<T extends object>(kind: string, make: (state: DurableObjectState) => T): (name: string) => T {
  const call = (name: string, method: PropertyKey, args: unknown[]) =>
    runInDurableObject(env.TICKET_INVENTORY.getByName(name), async (_instance, state) => {
      rename(state.storage.sql, PUT_AWAY, VERSION);
      try {
        const object = make(state);
        const verb: unknown = Reflect.get(object, method);
        if (typeof verb !== "function") throw new TypeError(`${kind} has no ${String(method)}`);
        const answer: unknown = await verb.apply(object, args);
        return answer;
      } finally {
        rename(state.storage.sql, VERSION, PUT_AWAY);
      }
    });
  return (name) =>
    new Proxy({} as T, {
      get:
        (_, method) =>
        (...args: unknown[]) => {
          const key = `${kind}:${name}`;
          const before = turns.get(key) ?? Promise.resolve();
          const turn = before.catch(() => undefined).then(() => call(key, method, args));
          turns.set(key, turn);
          return turn;
        },
    });
}

/** As far as auth asks a namespace. */
const namespaceOf = <T extends Rpc.DurableObjectBranded>(getByName: (name: string) => object) =>
  ({ getByName }) as unknown as DurableObjectNamespace<T>;

export const denyLists = () => namespaceOf<DenyList>(standInOf("deny-list", (state) => new DenyList(state, {})));
export const loginGuards = () =>
  namespaceOf<LoginGuard>(standInOf("login-guard", (state) => new LoginGuard(state, { ENVIRONMENT: "development" })));
