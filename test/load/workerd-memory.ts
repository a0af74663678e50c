/** How much room a Worker takes: its JavaScript by the inspector (Chrome DevTools Protocol), its process by Linux. */
import { readdir, readFile } from "node:fs/promises";
import type { Miniflare } from "miniflare";
import { z } from "zod";

const HeapUsage = z.object({ usedSize: z.number() });
const Message = z.object({ id: z.number().optional(), result: z.json().optional() });

export interface MemoryUse {
  /** JavaScript that is still reachable, in bytes. */
  heapBytes: number;
  /** Resident, of the whole process: code, SQLite's pages, and whatever the allocators keep. */
  processBytes: number;
}

/** After the garbage was collected. The Worker must have run. */
export async function measureMemoryOf(miniflare: Miniflare): Promise<MemoryUse> {
  const inspector = new WebSocket(`${new URL("/core:user:inventory", await miniflare.getInspectorURL())}`);
  try {
    await new Promise((resolve, reject) => {
      inspector.addEventListener("open", resolve);
      inspector.addEventListener("error", () => reject(new Error("the inspector lets nobody in")));
    });
    await ask(inspector, 1, "HeapProfiler.enable");
    // Done in its turn, and never answered (seen).
    inspector.send(JSON.stringify({ id: 2, method: "HeapProfiler.collectGarbage", params: {} }));
    const { usedSize } = HeapUsage.parse(await ask(inspector, 3, "Runtime.getHeapUsage"));
    return { heapBytes: usedSize, processBytes: await residentBytes() };
  } finally {
    inspector.close();
  }
}

function ask(inspector: WebSocket, id: number, method: string): Promise<unknown> {
  return new Promise((resolve) => {
    const hear = ({ data }: MessageEvent) => {
      const answer = Message.parse(JSON.parse(String(data)));
      if (answer.id !== id) return;
      inspector.removeEventListener("message", hear);
      resolve(answer.result);
    };
    inspector.addEventListener("message", hear);
    inspector.send(JSON.stringify({ id, method, params: {} }));
  });
}

/** Of the workerd that this process has started last. */
async function residentBytes(): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    if (!/^Name:\s+workerd$/m.test(status) || !status.includes(`\nPPid:\t${process.pid}\n`)) continue;
    const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1_024;
  }
  return Number.NaN;
}
