/** What this machine could do at best, measured in the same run: every figure of the bench is a share of one of these. */
const HELLO_WORLD = `export default { fetch() { return new Response("hello"); } };`;

const IN_MEMORY_RPC = `
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  #count = 0;
  add() { return ++this.#count; }
}
export default {
  async fetch(request, env) {
    const stub = env.COUNTER.get(env.COUNTER.idFromName("one"));
    return Response.json({ count: await stub.add() });
  },
};`;

const COMPATIBILITY_DATE = "2026-11-02";

export const CEILINGS = (helloPort: number, rpcPort: number) => [
  {
    name: "ceiling-hello-world",
    compatibilityDate: COMPATIBILITY_DATE,
    modules: [{ type: "ESModule" as const, path: "hello-world.js", contents: HELLO_WORLD }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port: helloPort }],
  },
  {
    name: "ceiling-in-memory-rpc",
    compatibilityDate: COMPATIBILITY_DATE,
    modules: [{ type: "ESModule" as const, path: "in-memory-rpc.js", contents: IN_MEMORY_RPC }],
    durableObjects: { COUNTER: { className: "Counter", useSQLite: true } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: rpcPort }],
  },
];
