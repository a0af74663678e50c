/**
 * Requests at an even pace over many open connections. The load generator of the other figures sends those of all its connections at
 * the same moments, so that what it measures at a given rate is how long a burst of sixty-four takes.
 */
import { Agent, request } from "node:http";
import type { Figure, Step } from "./drive.ts";

export interface Paced {
  url: string;
  step: () => Step;
  connections: number;
  perSecond: number;
  seconds: number;
}

function send(agent: Agent, url: string, { method = "GET", path = "/", headers = {}, body }: Step): Promise<number> {
  const startedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { agent, method, headers: { ...headers } }, (response) => {
      response.resume();
      response.on("end", () => {
        if (response.statusCode !== undefined && response.statusCode < 300) resolve(performance.now() - startedAtMs);
        else reject(new Error(`${path}: ${response.statusCode}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** One request on each connection first, so that none of the measured ones opens one. */
export async function pace({ url, step, connections, perSecond, seconds }: Paced): Promise<Figure> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: "fifo" });
  try {
    await Promise.all(Array.from({ length: connections }, () => send(agent, url, step())));
    const startedAtMs = performance.now();
    const latencies: Promise<number>[] = [];
    while (latencies.length < perSecond * seconds) {
      const dueMs = startedAtMs + (latencies.length * 1_000) / perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
      latencies.push(send(agent, url, step()));
    }
    const sorted = (await Promise.all(latencies)).sort((a, b) => a - b);
    const elapsedMs = performance.now() - startedAtMs;
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
    return { perSecond: (sorted.length * 1_000) / elapsedMs, p50Ms: at(0.5), p99Ms: at(0.99) };
  } finally {
    agent.destroy();
  }
}
