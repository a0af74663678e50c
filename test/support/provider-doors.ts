/** The provider `test` with doors of a test's own: one that falls silent, one that says something else the next time. */
import { afterEach, beforeEach, vi } from "vitest";
import * as configured from "../../workers/payments/providers/configured";
import type { PaymentProvider } from "../../workers/payments/providers/provider";

export interface ProviderDoors {
  /** What stands in the place of the provider's own; empty again after each test. */
  open: Partial<PaymentProvider>;
}

/** For the whole file that calls it. */
export function replaceProviderDoors(): ProviderDoors {
  const doors: ProviderDoors = { open: {} };
  const { providerOf } = configured;
  beforeEach(() => {
    vi.spyOn(configured, "providerOf").mockImplementation((...args) => {
      const provider = providerOf(...args);
      return provider && { ...provider, ...doors.open };
    });
  });
  afterEach(() => {
    doors.open = {};
  });
  return doors;
}

export const silent = async (): Promise<never> => {
  throw new Error("the provider does not answer");
};
