/** Auth's Durable Objects, whose class the runtime tests' Worker does not have, each on the storage of an object that it has. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { DenyList } from "../../durable-objects/deny-list";

/** Every call makes the object anew, so that it remembers what it stored and nothing else. */
function standInOf<T extends object>(kind: string, make: (state: DurableObjectState) => T): (name: string) => T {
  return (name) =>
    new Proxy({} as T, {
      get:
        (_, method) =>
        (...args: unknown[]) =>
          runInDurableObject(env.TICKET_INVENTORY.getByName(`${kind}:${name}`), async (_instance, state) => {
            const object = make(state);
            const call: unknown = Reflect.get(object, method);
            if (typeof call !== "function") throw new TypeError(`${kind} has no ${String(method)}`);
            const answer: unknown = await call.apply(object, args);
            return answer;
          }),
    });
}

/** As far as auth asks a namespace. */
const namespaceOf = <T extends Rpc.DurableObjectBranded>(getByName: (name: string) => object) =>
  ({ getByName }) as unknown as DurableObjectNamespace<T>;

export const denyLists = () => namespaceOf<DenyList>(standInOf("deny-list", (state) => new DenyList(state, {})));
