/** The object's storage in Node, made once and taken back before each sequence, with what the checks ask of it. */
import { type NodeStorage, openNodeStorage } from "../support/node-inventory.ts";
import type { InventoryCode } from "./inventory-object.ts";

export interface Ground {
  code: InventoryCode;
  storage: NodeStorage;
  state: DurableObjectState;
  /** Rows changed so far, without those that were rolled back. */
  changes(): number;
  alarmAtMs(): number | null;
  forgetAlarm(): void;
  /** What the last constructed object does before anybody may ask it. */
  started(): Promise<unknown>;
}

export function openGround(code: InventoryCode): Ground {
  const storage = openNodeStorage();
  const total = storage.sqlite.prepare("SELECT total_changes() AS n");
  let undone = 0;
  let alarmAtMs: number | null = null;
  let starting: Promise<unknown> = Promise.resolve();
  const changed = () => Number(total.get()?.n);
  const inner = storage.state.storage;
  const state = {
    ...storage.state,
    storage: {
      ...inner,
      transactionSync: <T>(work: () => T): T => {
        const before = changed();
        const undoneBefore = undone;
        try {
          return inner.transactionSync(work);
        } catch (error) {
          undone = undoneBefore + changed() - before;
          throw error;
        }
      },
      getAlarm: async () => alarmAtMs,
      setAlarm: async (atMs: number) => {
        alarmAtMs = atMs;
      },
    },
    blockConcurrencyWhile: (work: () => Promise<unknown>) => {
      starting = work();
      return starting;
    },
  };
  // What the class uses of its state, no more: another member would fail loudly.
  const objectState = state as unknown as DurableObjectState;
  code.migrateSchema(objectState.storage, code.INVENTORY_SCHEMA);
  return {
    code,
    storage,
    state: objectState,
    changes: () => changed() - undone,
    alarmAtMs: () => alarmAtMs,
    forgetAlarm: () => {
      alarmAtMs = null;
    },
    started: () => starting,
  };
}

/** As it was before anybody opened the event. */
export function takeBack({ storage, forgetAlarm }: Ground): void {
  const { sqlite } = storage;
  if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
  sqlite.exec("BEGIN");
  forgetAlarm();
}
