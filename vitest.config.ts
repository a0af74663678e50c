import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { runtimeOptions } from "./test/support/runtime-options.ts";

// Base64 and hex of typed arrays, which workerd has, stand behind a flag in Node 24.
// Without it every start of workerd waits for a file from the internet that nothing here reads.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

const node = { environment: "node", pool: "forks", execArgv: ["--js-base-64"] };

export default defineConfig({
  test: {
    // The machines this runs on have two cores, and workerd wants one of them.
    maxWorkers: 2,
    projects: [
      { test: { ...node, name: "unit", include: ["test/unit/**/*.test.ts"] } },
      { test: { ...node, name: "house", include: ["test/house/**/*.test.ts"], testTimeout: 30_000 } },
      {
        plugins: [cloudflareTest(runtimeOptions)],
        test: { name: "runtime", include: ["test/runtime/**/*.test.ts"], testTimeout: 20_000, hookTimeout: 30_000 },
      },
      {
        test: {
          ...node,
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          globalSetup: ["test/support/shared-server.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // One server answers all files; two files at once would fight for its cores and make the slow tests flaky.
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: 30_000,
          // It gives the Workers secrets of its own, and wants no word about those that lie beside their files.
          env: { WRANGLER_LOG: "error" },
        },
      },
      {
        test: {
          ...node,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/support/shared-server.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
