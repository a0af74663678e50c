/** One house for all integration files: starting it takes seconds, and tests keep apart by their own accounts and events. */
import type { TestProject } from "vitest/node";
import { type House, startHouse } from "./harness.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the shared house answers, `http://127.0.0.1:<port>`. */
    origin: string;
  }
}

interface Shared {
  house?: Promise<House>;
  users: number;
}

/** Each project loads this file anew, in one process; two houses would not fit the machines that tests run on. */
const everywhere = globalThis as typeof globalThis & { biltenHouse?: Shared };
everywhere.biltenHouse ??= { users: 0 };
const shared = everywhere.biltenHouse;

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.users += 1;
  shared.house ??= startHouse();
  const house = await shared.house;
  project.provide("origin", house.origin);
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    delete shared.house;
    await house.stop();
  };
}
