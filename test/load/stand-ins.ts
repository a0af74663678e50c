/** A Worker of the bench alone, beside the house: looks into the objects past every door. */
const CODE = `
export default {
  async fetch(request, env) {
    const eventId = new URL(request.url).pathname.slice(1);
    return Response.json(await env.TICKET_INVENTORY.getByName(eventId).commitStatistics());
  },
};`;

export const STATISTICS = (port: number) => ({
  name: "bench-statistics",
  compatibilityDate: "2026-11-02",
  modules: [{ type: "ESModule" as const, path: "statistics.js", contents: CODE }],
  durableObjects: { TICKET_INVENTORY: { className: "TicketInventory", scriptName: "bilten-events", useSQLite: true } },
  unsafeDirectSockets: [{ host: "127.0.0.1", port }],
});
