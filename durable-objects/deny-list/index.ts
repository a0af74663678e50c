import { DurableObject } from "cloudflare:workers";
import type { Denial, Denied } from "../../shared/contracts/denials";
import { hasSchema, migrateSchema } from "../../shared/durable/migrations";
import { deny, list } from "./denials";
import { DENY_LIST_SCHEMA } from "./migrations";

/** Denials of one call. */
export const MAX_DENIED_AT_ONCE = 100;

/** One object for the house: what auth has ended, until no access token of it can live. It stamps each entry by its own clock. */
export class DenyList extends DurableObject<object> {
  readonly #storage: DurableObjectStorage;

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    if (hasSchema(ctx.storage.sql)) migrateSchema(ctx.storage, DENY_LIST_SCHEMA);
  }

  /** Refuses tokens issued before now; returns when that is stored. */
  async deny(denied: Pick<Denial, "claim" | "id">[]): Promise<void> {
    if (denied.length > MAX_DENIED_AT_ONCE) throw new RangeError(`at most ${MAX_DENIED_AT_ONCE} denials`);
    migrateSchema(this.#storage, DENY_LIST_SCHEMA);
    this.#storage.transactionSync(() => deny(this.#storage.sql, denied, Date.now()));
    await this.#storage.sync();
  }

  denied(): Denied {
    const nowMs = Date.now();
    if (!hasSchema(this.#storage.sql)) return { asOfMs: nowMs, allNotBeforeMs: 0, denials: [] };
    return list(this.#storage.sql, nowMs);
  }
}
