/**
 * The local simulation of the rate-limit binding writes each request into one SQLite object for the whole house, which then is all that a
 * benchmark measures. On the network the binding is a counter in the location's memory; so is this.
 */
const CODE = `
import { WorkerEntrypoint } from "cloudflare:workers";
const counts = new Map();
let minute = 0;
export class Limiter extends WorkerEntrypoint {
  limit({ key }) {
    const now = Math.floor(Date.now() / 60000);
    if (now !== minute) { counts.clear(); minute = now; }
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { success: count <= 1e9 };
  }
}
export default {};`;

const NAME = "stand-in-limiter";

export const limiterBindings = (names: string[]) =>
  Object.fromEntries(names.map((name) => [name, { name: NAME, entrypoint: "Limiter" }]));

export const LIMITER = {
  name: NAME,
  compatibilityDate: "2026-11-02",
  modules: [{ type: "ESModule" as const, path: "limiter.js", contents: CODE }],
};
