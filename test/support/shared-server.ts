/** One house for all integration files: starting it takes seconds, and tests keep apart by their own accounts and events. */
import type { TestProject } from "vitest/node";
import { startHouse } from "./harness.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the shared house answers, `http://127.0.0.1:<port>`. */
    origin: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const house = await startHouse();
  project.provide("origin", house.origin);
  return () => house.stop();
}
