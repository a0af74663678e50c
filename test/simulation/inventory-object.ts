/**
 * The shipped `TicketInventory` in this Node, as it stands or with pieces of its text swapped: the simulation runs what ships, and the
 * mutation check what would ship if somebody broke a guard.
 */
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { TicketInventory } from "../../durable-objects/ticket-inventory/index.ts";
import type { SchemaSteps } from "../../shared/durable/migrations.ts";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { type Swap, swapPieces } from "./inventory-pieces.ts";

export interface InventoryCode {
  TicketInventory: new (ctx: DurableObjectState, env: unknown) => TicketInventory;
  INVENTORY_SCHEMA: SchemaSteps;
  migrateSchema: (storage: DurableObjectStorage, steps: SchemaSteps) => void;
}

const PLATFORM = pathToFileURL(join(ROOT, "test/support/node-inventory.ts")).href;
const versions: Map<string, string>[] = [];

/** Carries the version of the code through all that it imports. */
const versionOf = (url: string): number | null => {
  const version = new URL(url).searchParams.get("version");
  return version === null ? null : Number(version);
};

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context;
    const version = parentURL === undefined || !parentURL.startsWith("file:") ? null : versionOf(parentURL);
    if (version === null) return next(specifier, context);
    if (specifier === "cloudflare:workers") return { url: `${PLATFORM}?platform`, format: "module", shortCircuit: true };
    if (!specifier.startsWith(".")) return next(specifier, context);
    const url = new URL(`${specifier.replace(/\.ts$/, "")}.ts`, parentURL);
    return { url: `${url.href}?version=${version}`, format: "module", shortCircuit: true };
  },
  load(url, context, next) {
    if (url === `${PLATFORM}?platform`) {
      const source = `import { nodeWorkers } from ${JSON.stringify(PLATFORM)}; export const { DurableObject } = nodeWorkers;`;
      return { format: "module", shortCircuit: true, source };
    }
    const version = url.startsWith("file:") ? versionOf(url) : null;
    if (version === null) return next(url, context);
    const path = fileURLToPath(url);
    const text = versions[version]?.get(path) ?? readFileSync(path, "utf8");
    return { format: "module", shortCircuit: true, source: stripTypeScriptTypes(text, { mode: "transform" }) };
  },
});

export async function loadInventory(swaps: readonly Swap[] = []): Promise<InventoryCode> {
  const version = versions.push(swapPieces(swaps)) - 1;
  const load = (path: string) => import(`${pathToFileURL(join(ROOT, path)).href}?version=${version}`);
  const { TicketInventory } = await load("durable-objects/ticket-inventory/index.ts");
  const { INVENTORY_SCHEMA } = await load("durable-objects/ticket-inventory/migrations.ts");
  const { migrateSchema } = await load("shared/durable/migrations.ts");
  return { TicketInventory, INVENTORY_SCHEMA, migrateSchema };
}
