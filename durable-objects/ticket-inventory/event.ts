/** What the object decides with (rule 6): the event's terms, written only by `open`, `reconfigure` and `close`. */
import type { InventoryConfig, TicketTypeConfig } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { writeStock } from "./configured-stock";
import { type Draw, drawsOf } from "./pools";
import { activateMap } from "./seat-map";
import { openTiers } from "./tiers";
import { readWishes, type Wish } from "./waiting-wishes";

export type EventState = "open" | "cancelled" | "completed";

/** The configuration as it stands, with its types by id in the organizer's order. */
export interface Terms extends Omit<InventoryConfig, "pools" | "ticketTypes"> {
  state: EventState;
  types: Map<string, TicketTypeConfig>;
  /** What each type draws from. */
  draws: Map<string, Draw[]>;
  /** By allocation: the plain pools that it lies within. */
  surroundings: Map<string, string[]>;
  /** Types that were to open after another one, and have. */
  openedTiers: Set<string>;
  /** Set by what has changed the terms under a command's feet: the next command reads them again, also when this one is undone. */
  isStale: boolean;
  /** The different wishes of those who wait, in the order of whose turn it is; empty while nobody does. */
  wishes: Wish[];
  /** Stock may have come back, or a wish come in, since those who wait were looked at. Too much of this costs one look. */
  mayOffer: boolean;
}

export type TermsRefusal = Refusal<
  "event_not_found" | "capacity_below_sold" | "ticket_type_in_use" | "state_moved" | "seats_missing" | "seat_map_in_use"
>;

type EventRow = {
  event_id: string;
  organizer_id: string;
  version: number;
  change_id: string;
  is_public: number;
  currency: string;
  end_ms: number;
  hold_ms: number;
  max_per_address: number | null;
  unpaid_orders_per_person: number | null;
  anonymous_share: number | null;
  hold_cap_ms: number;
  max_per_person: number | null;
  seat_map_id: string | null;
  refuse_orphan_seats: number;
  allow_waitlist: number;
  offer_ms: number;
  state: EventState;
};

type TypeRow = {
  id: string;
  name: string;
  description: string | null;
  quantity: number;
  unit_price_minor: number;
  min_per_order: number;
  max_per_order: number;
  sale_start_ms: number | null;
  sale_end_ms: number | null;
  opens_after: string | null;
  opened_at_ms: number | null;
  max_per_person: number | null;
  seat_categories: string;
  pool_ids: string;
};

/** Null while nobody has opened the event. Expects the schema to be there. */
export function readTerms(sql: SqlStorage): Terms | null {
  const [event] = sql.exec<EventRow>("SELECT * FROM event WHERE id = 1").toArray();
  if (event === undefined) return null;
  const rows = sql
    .exec<TypeRow>(
      `SELECT t.*, (SELECT json_group_array(tp.pool_id) FROM ticket_type_pools tp WHERE tp.ticket_type_id = t.id) AS pool_ids
       FROM ticket_types t ORDER BY t.position`,
    )
    .toArray();
  const types = new Map(rows.map((row) => [row.id, toTicketType(row)]));
  const surroundings = readSurroundings(sql);
  const allocations = [...surroundings].map(([id, withinPoolIds]) => ({ id, withinPoolIds }));
  return {
    eventId: event.event_id,
    organizerId: event.organizer_id,
    version: event.version,
    changeId: event.change_id,
    isPublic: event.is_public === 1,
    currency: event.currency,
    endMs: event.end_ms,
    holdMs: event.hold_ms,
    maxPerAddress: event.max_per_address,
    unpaidOrdersPerPerson: event.unpaid_orders_per_person,
    anonymousShare: event.anonymous_share,
    holdCapMs: event.hold_cap_ms,
    maxPerPerson: event.max_per_person,
    seatMapId: event.seat_map_id,
    refuseOrphanSeats: event.refuse_orphan_seats === 1,
    allowWaitlist: event.allow_waitlist === 1,
    offerMs: event.offer_ms,
    state: event.state,
    types,
    draws: drawsOf(allocations, types.values()),
    surroundings,
    openedTiers: new Set(rows.filter((row) => row.opens_after !== null && row.opened_at_ms !== null).map(({ id }) => id)),
    isStale: false,
    wishes: readWishes(sql),
    mayOffer: true,
  };
}

function readSurroundings(sql: SqlStorage): Map<string, string[]> {
  const rows = sql.exec<{ allocation_id: string; pool_ids: string }>(
    "SELECT allocation_id, json_group_array(pool_id) AS pool_ids FROM pool_surroundings GROUP BY allocation_id",
  );
  return new Map([...rows].map((row) => [row.allocation_id, JSON.parse(row.pool_ids) as string[]]));
}

function toTicketType(row: TypeRow): TicketTypeConfig {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    poolIds: JSON.parse(row.pool_ids) as string[],
    quantity: row.quantity,
    unitPriceMinor: row.unit_price_minor,
    minPerOrder: row.min_per_order,
    maxPerOrder: row.max_per_order,
    saleStartMs: row.sale_start_ms,
    saleEndMs: row.sale_end_ms,
    opensAfterTicketTypeId: row.opens_after,
    maxPerPerson: row.max_per_person,
    seatCategories: JSON.parse(row.seat_categories) as string[],
  };
}

/**
 * Opens the event for sale. Publishing may be retried: the version that stands is the same answer again, a higher one is applied as a
 * change (the first attempt may have reached the object and not the database).
 */
export function openEvent(
  sql: SqlStorage,
  config: InventoryConfig,
  nowMs: number,
): Result<{ version: number }, Refusal<"event_state" | "state_moved" | "seats_missing">> {
  const standing = readTerms(sql);
  if (standing === null) {
    writeEvent(sql, config);
    const unseated = activateMap(sql, config.seatMapId);
    if (unseated?.code === "seats_missing")
      return refuse({ code: unseated.code, detail: `Map ${config.seatMapId} is not here in full.` });
    const refusal = unseated ?? writeStock(sql, config, nowMs);
    // An empty inventory has nothing that could stand against its first configuration.
    if (refusal !== null) throw new Error(`a first configuration was refused: ${refusal.code}`);
    openTiersAnew(sql, nowMs);
    return ok({ version: config.version });
  }
  if (standing.state !== "open") return refuse({ code: "event_state", detail: `The event is ${standing.state}.` });
  if (standing.version === config.version) return ok({ version: standing.version });
  const changed = reconfigureEvent(sql, config, nowMs);
  if (changed.ok) return changed;
  const { code, detail } = changed.error;
  if (code === "seats_missing") return refuse({ code, ...(detail === undefined ? {} : { detail }) });
  return refuse({ code: "state_moved", detail: "The event is open with other terms, and these do not fit what is sold." });
}

/**
 * Replaces the terms. The version must be higher than the one that stands, or be that very change once more; nothing may fall below
 * what is sold, held or blocked.
 */
export function reconfigureEvent(
  sql: SqlStorage,
  config: InventoryConfig,
  nowMs: number,
): Result<{ version: number }, TermsRefusal> {
  const standing = readTerms(sql);
  if (standing === null) return refuse({ code: "event_not_found" });
  if (config.version === standing.version && config.changeId === standing.changeId) return ok({ version: config.version });
  if (config.version <= standing.version) return refuse({ code: "state_moved", detail: `Version ${standing.version} stands.` });
  writeEvent(sql, config);
  const refusal = activateMap(sql, config.seatMapId) ?? writeStock(sql, config, nowMs);
  if (refusal !== null) return refuse(refusal);
  openTiersAnew(sql, nowMs);
  return ok({ version: config.version });
}

/** The terms themselves may leave a type nothing: an allocation has it all, or every seat of it is blocked. */
function openTiersAnew(sql: SqlStorage, nowMs: number): void {
  const terms = readTerms(sql);
  if (terms !== null) openTiers(sql, terms, nowMs);
}

/** No more holds. Cancelled is the last word; a completed event may still be cancelled. */
export function closeEvent(
  sql: SqlStorage,
  reason: "cancelled" | "completed",
): Result<{ version: number }, Refusal<"event_not_found">> {
  const terms = readTerms(sql);
  if (terms === null) return refuse({ code: "event_not_found" });
  sql.exec("UPDATE event SET state = ? WHERE id = 1 AND state <> 'cancelled'", reason);
  return ok({ version: terms.version });
}

function writeEvent(sql: SqlStorage, config: InventoryConfig): void {
  sql.exec(
    `INSERT INTO event (id, event_id, organizer_id, version, change_id, is_public, currency, end_ms, hold_ms, max_per_address,
       unpaid_orders_per_person, anonymous_share, hold_cap_ms, max_per_person, seat_map_id, refuse_orphan_seats, allow_waitlist, offer_ms,
       state)
     VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, change_id = excluded.change_id, is_public = excluded.is_public,
       currency = excluded.currency, end_ms = excluded.end_ms, hold_ms = excluded.hold_ms,
       max_per_address = excluded.max_per_address, unpaid_orders_per_person = excluded.unpaid_orders_per_person,
       anonymous_share = excluded.anonymous_share, hold_cap_ms = excluded.hold_cap_ms, max_per_person = excluded.max_per_person,
       seat_map_id = excluded.seat_map_id, refuse_orphan_seats = excluded.refuse_orphan_seats,
       allow_waitlist = excluded.allow_waitlist, offer_ms = excluded.offer_ms`,
    config.eventId,
    config.organizerId,
    config.version,
    config.changeId,
    config.isPublic ? 1 : 0,
    config.currency,
    config.endMs,
    config.holdMs,
    config.maxPerAddress,
    config.unpaidOrdersPerPerson,
    config.anonymousShare,
    config.holdCapMs,
    config.maxPerPerson,
    config.seatMapId,
    config.refuseOrphanSeats ? 1 : 0,
    config.allowWaitlist ? 1 : 0,
    config.offerMs,
  );
}
