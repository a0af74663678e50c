/** What a confirmation costs to make, with two QR codes, two PDFs, a calendar and both parts: one isolate, one after the other. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { z } from "zod";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { runTool } from "../../shared/scripts/processes.ts";
import { modulesOf } from "../support/built-house.ts";

const Made = z.object({ bytes: z.number() });

const WARM_UP = 20;
const A_RUN = 20;
const RUNS = 7;

export interface MailFigures {
  /** The first of a new isolate, which parses the fonts. Milliseconds, as all of them. */
  firstMs: number;
  /** Of one of many: the median of the runs, and the slowest. */
  medianMs: number;
  slowestMs: number;
  /** All that is attached, before base64. */
  bytes: number;
}

export async function measureMails(): Promise<MailFigures> {
  const folder = await mkdtemp(join(tmpdir(), "bilten-mails-"));
  try {
    const config = join(ROOT, "workers/notifications/wrangler.toml");
    const entry = join(ROOT, "test/load/confirmation-worker.ts");
    const { code, output } = await runTool("wrangler", ["deploy", entry, "--dry-run", "--outdir", folder, "-c", config]);
    if (code !== 0) throw new Error(`The Worker that makes mails does not build:\n${output}`);
    const house = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          {
            name: "mails",
            compatibilityDate: "2026-11-02",
            modulesRoot: folder,
            modules: await modulesOf(folder, "confirmation-worker.js"),
          },
        ],
      }),
    );
    try {
      return await measure(async (count) => {
        const startMs = performance.now();
        const response = await house.dispatchFetch(`http://mails.localhost/?count=${count}`);
        const { bytes } = Made.parse(await response.json());
        return { ms: (performance.now() - startMs) / count, bytes: bytes / count };
      });
    } finally {
      await house.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(make: (count: number) => Promise<{ ms: number; bytes: number }>): Promise<MailFigures> {
  // The Worker starts with the first request.
  await make(0);
  const first = await make(1);
  await make(WARM_UP);
  const runs: number[] = [];
  for (let run = 0; run < RUNS; run++) runs.push((await make(A_RUN)).ms);
  runs.sort((a, b) => a - b);
  return { firstMs: first.ms, medianMs: runs[Math.floor(RUNS / 2)] ?? 0, slowestMs: runs.at(-1) ?? 0, bytes: first.bytes };
}

export const printMails = ({ firstMs, medianMs, slowestMs, bytes }: MailFigures): void =>
  console.log(
    `\nA confirmation with PDFs and QR codes (${(bytes / 1024).toFixed(0)} KiB attached): first of an isolate ${firstMs.toFixed(1)} ms, then ${medianMs.toFixed(1)} ms, slowest run ${slowestMs.toFixed(1)} ms (wanted 60 ms)`,
  );
