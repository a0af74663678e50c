/** Workers of the bench alone, beside the house. */
const COMPATIBILITY_DATE = "2026-11-02";

/**
 * The local simulation of the rate-limit binding writes each request into one SQLite object for the whole house, which then is all that a
 * benchmark measures. On the network the binding is a counter in the location's memory; so is this.
 */
const LIMITER = `
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

const STATISTICS = `
export default {
  async fetch(request, env) {
    const eventId = new URL(request.url).pathname.slice(1);
    return Response.json(await env.TICKET_INVENTORY.getByName(eventId).commitStatistics());
  },
};`;

export const limiterBindings = (names: string[]) =>
  Object.fromEntries(names.map((name) => [name, { name: "bench-limiter", entrypoint: "Limiter" }]));

export const STAND_INS = (statisticsPort: number) => [
  {
    name: "bench-limiter",
    compatibilityDate: COMPATIBILITY_DATE,
    modules: [{ type: "ESModule" as const, path: "limiter.js", contents: LIMITER }],
  },
  {
    name: "bench-statistics",
    compatibilityDate: COMPATIBILITY_DATE,
    modules: [{ type: "ESModule" as const, path: "statistics.js", contents: STATISTICS }],
    durableObjects: { TICKET_INVENTORY: { className: "TicketInventory", scriptName: "bilten-events", useSQLite: true } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: statisticsPort }],
  },
];
