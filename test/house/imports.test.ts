import { describe, expect, it } from "vitest";
import { readWorkers } from "../../shared/scripts/configurations.ts";
import { readSources } from "../support/sources";
import { findImportProblems, importsOf } from "./imports";

const pascal = (kebab: string): string => kebab.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());

/** `ticket-inventory` belongs to the Worker whose wrangler.toml exports `TicketInventory`. */
const ownerOf = (object: string): string | undefined =>
  readWorkers().find(({ configuration }) => pascal(object) in configuration.exports)?.domain;

describe("the import directions", () => {
  it("are kept by every file", () => {
    expect(findImportProblems(readSources(), ownerOf)).toEqual([]);
  });

  it("are read from every form of import", () => {
    const text = [
      'import a from "./a";',
      'import type { B } from "./b";',
      'import {\n  c,\n  d,\n} from "./c";',
      'export * from "../d";',
      'import "./e";',
      'const f = await import("./f");',
      'import { z } from "zod";',
    ].join("\n");
    expect(importsOf({ path: "workers/x/y.ts", text })).toEqual([
      { target: "workers/x/a", typeOnly: false },
      { target: "workers/x/b", typeOnly: true },
      { target: "workers/x/c", typeOnly: false },
      { target: "workers/d", typeOnly: false },
      { target: "workers/x/e", typeOnly: false },
      { target: "workers/x/f", typeOnly: false },
    ]);
  });

  it.each([
    ["workers/events/tickets.ts", "../payments/orders"],
    ["workers/events/tickets.ts", "../../durable-objects/ticket-inventory"],
    ["workers/payments/index.ts", "../../durable-objects/ticket-inventory"],
    ["workers/events/tickets.ts", "../../shared/scripts/keys"],
    ["workers/events/tickets.ts", "../../test/support/client"],
    ["durable-objects/ticket-inventory/holds.ts", "../../workers/events/tickets"],
    ["durable-objects/ticket-inventory/holds.ts", "../login-guard/attempts"],
    ["shared/http/app.ts", "../../workers/events/index"],
    ["shared/d1/outbox.ts", "../../durable-objects/ticket-inventory"],
    ["shared/contracts/events.ts", "../http/app"],
    ["workers/events/tickets.ts", "../../vitest.config"],
  ])("refuse %s importing %s", (path, target) => {
    expect(findImportProblems([{ path, text: `import { x } from "${target}";` }], ownerOf)).toHaveLength(1);
  });
});
