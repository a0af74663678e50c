/** An event's object as the runtime tests open and ask it. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TicketInventory } from "../../durable-objects/ticket-inventory";
import { INVENTORY_SCHEMA } from "../../durable-objects/ticket-inventory/migrations";
import type { CheckInRequest } from "../../shared/contracts/admissions";
import type {
  ConfirmRequest,
  Holder,
  HoldRequest,
  InventoryConfig,
  PoolConfig,
  TicketTypeConfig,
} from "../../shared/contracts/inventory";
import type { Result } from "../../shared/contracts/result";

export type Inventory = DurableObjectStub<TicketInventory>;

export const DAY_MS = 86_400_000;
export const HOLD_MS = 600_000;
/** The statement that a control takes away, as it stands in the schema. */
export const GUARD = "CONSTRAINT room_left CHECK (sold + held + blocked <= capacity)";

export const someId = () => crypto.randomUUID();
export const aUser = (): Holder => ({ kind: "user", key: someId() });

export function inventoryOf(eventId: string): Inventory {
  return env.TICKET_INVENTORY.get(env.TICKET_INVENTORY.idFromName(eventId));
}

export function typeDraft(change: Partial<TicketTypeConfig> = {}): TicketTypeConfig {
  const id = change.id ?? someId();
  return {
    id,
    name: "Standing",
    description: null,
    poolIds: [id],
    quantity: 10,
    unitPriceMinor: 2500,
    minPerOrder: 1,
    maxPerOrder: 10,
    saleStartMs: null,
    saleEndMs: null,
    opensAfterTicketTypeId: null,
    maxPerPerson: null,
    seatCategories: [],
    ...change,
  };
}

export const plainPool = (id: string, capacity: number): PoolConfig => ({ id, capacity, withinPoolIds: [] });
export const allocation = (id: string, capacity: number, ...withinPoolIds: string[]): PoolConfig => ({
  id,
  capacity,
  withinPoolIds,
});

/** An event of one day's length that starts in a month; each type has its own pool unless `pools` says otherwise. */
export function configOf(ticketTypes: TicketTypeConfig[], change: Partial<InventoryConfig> = {}): InventoryConfig {
  return {
    eventId: someId(),
    organizerId: someId(),
    version: 1,
    changeId: someId(),
    isPublic: true,
    currency: "EUR",
    endMs: Date.now() + 31 * DAY_MS,
    holdMs: HOLD_MS,
    holdCapMs: 3 * HOLD_MS,
    maxPerPerson: null,
    seatMapId: null,
    refuseOrphanSeats: false,
    allowWaitlist: false,
    offerMs: DAY_MS,
    maxPerAddress: null,
    unpaidOrdersPerPerson: null,
    anonymousShare: null,
    pools: ticketTypes.map(({ id, quantity }) => plainPool(id, quantity)),
    ticketTypes,
    ...change,
  };
}

export async function openInventory(config: InventoryConfig): Promise<Inventory> {
  const inventory = inventoryOf(config.eventId);
  granted(await inventory.open(config));
  return inventory;
}

export function holdRequest(ticketTypeId: string, quantity: number, change: Partial<HoldRequest> = {}): HoldRequest {
  return {
    holdId: someId(),
    keyed: false,
    requestHash: "first",
    holder: aUser(),
    items: [{ ticketTypeId, quantity }],
    insider: false,
    ...change,
  };
}

/** Places the stock for an order in the same command, as an order without a hold does. */
export const claimRequest = (ticketTypeId: string, quantity: number, orderId = someId()) => ({
  ...holdRequest(ticketTypeId, quantity),
  orderId,
});

export const confirmRequest = (eventId: string, orderId: string, change: Partial<ConfirmRequest> = {}): ConfirmRequest => ({
  eventId,
  orderId,
  buyer: { name: "Ada", email: "ada@example.org" },
  attendees: [],
  ...change,
});

export const scanRequest = (ticketId: string, change: Partial<CheckInRequest> = {}): CheckInRequest => ({
  ticketId,
  ticketVersion: 1,
  codeHash: `code of ${ticketId}`,
  nonce: someId(),
  deviceId: "gate scanner",
  gate: "North",
  scannedAtMs: null,
  ...change,
});

/** The value of a success; a refusal fails the test by its code. */
export function granted<T, E extends { code: string }>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

export function refusalOf<E extends { code: string }>(result: Result<unknown, E>): E {
  if (result.ok) throw new Error(`not refused: ${JSON.stringify(result.value)}`);
  return result.error;
}

/** What a command threw, as its caller hears it. */
export async function errorOf(command: PromiseLike<unknown>): Promise<string> {
  try {
    await command;
  } catch (error) {
    return String(error);
  }
  throw new Error("the command did not throw");
}

export const codeOf = (result: Result<unknown, { code: string }>): string => (result.ok ? "ok" : result.error.code);

export async function availableOf(inventory: Inventory): Promise<Record<string, number>> {
  const { ticketTypes } = granted(await inventory.availability());
  return Object.fromEntries(ticketTypes.map(({ ticketTypeId, available }) => [ticketTypeId, available]));
}

/** Tables that somebody has made, but for those that the platform and its simulator keep in every object (`_cf_…`, `__miniflare…`). */
export const tablesOf = (inventory: Inventory) =>
  rowsOf<{ name: string }>(
    inventory,
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
  );

/** Rows as they stand in the object's database. */
export function rowsOf<Row extends Record<string, SqlStorageValue>>(inventory: Inventory, query: string): Promise<Row[]> {
  return runInDurableObject(inventory, (_, { storage }) => storage.sql.exec<Row>(query).toArray());
}

export const poolsOf = (inventory: Inventory) =>
  rowsOf<{ id: string; capacity: number; sold: number; held: number; held_anonymously: number; blocked: number }>(
    inventory,
    "SELECT * FROM pools ORDER BY id",
  );

/**
 * Puts the object's data back into the schema's first steps, as one has it that nobody has asked since: what came later is lost, and its
 * next start brings it to the newest.
 */
export async function ageTo(inventory: Inventory, steps: number): Promise<void> {
  const tables = (await tablesOf(inventory)).map(({ name }) => name).filter((name) => name !== "schema_version");
  await runInDurableObject(inventory, (_, { storage }) =>
    storage.transactionSync(() => {
      const { sql } = storage;
      sql.exec("PRAGMA defer_foreign_keys = ON");
      const rows = new Map(tables.map((name) => [name, sql.exec(`SELECT * FROM ${name}`).toArray()]));
      for (const name of tables) sql.exec(`DROP TABLE ${name}`);
      for (const step of INVENTORY_SCHEMA.slice(0, steps)) sql.exec(step);
      for (const name of tables) {
        const columns = sql.exec<{ name: string }>("SELECT name FROM pragma_table_info(?)", name).toArray();
        if (columns.length === 0) continue;
        sql.exec(`DELETE FROM ${name}`);
        const names = columns.map((column) => column.name);
        const insert = `INSERT INTO ${name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
        for (const row of rows.get(name) ?? []) sql.exec(insert, ...names.map((column) => row[column] ?? null));
      }
      sql.exec("UPDATE schema_version SET version = ?", steps);
    }),
  );
  await evictDurableObject(inventory);
}

/** The control: the shipped code over the shipped schema with the one guarding statement swapped. */
export async function removeGuard(inventory: Inventory): Promise<void> {
  await runInDurableObject(inventory, (_, { storage }) => {
    const { sql } = storage.sql.exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = 'pools'").one();
    if (sql.split(GUARD).length !== 2) throw new Error("the guard is not where the control looks for it");
    storage.transactionSync(() => {
      // The rows that point at the old table step aside while it is replaced.
      storage.sql.exec(sql.replace("CREATE TABLE pools", "CREATE TABLE unguarded").replace(GUARD, "CHECK (1 = 1)"));
      storage.sql.exec(`
        INSERT INTO unguarded SELECT * FROM pools;
        CREATE TABLE aside AS SELECT * FROM ticket_type_pools;
        DELETE FROM ticket_type_pools;
        DROP TABLE pools;
        ALTER TABLE unguarded RENAME TO pools;
        INSERT INTO ticket_type_pools SELECT * FROM aside;
        DROP TABLE aside;`);
    });
  });
}
