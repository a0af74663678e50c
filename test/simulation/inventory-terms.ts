/** Terms of events as organizers might set and change them: small numbers, so that everything runs out, and pools that overlap. */
import type { InventoryConfig, PoolConfig, TicketTypeConfig } from "../../shared/contracts/inventory.ts";
import type { Dice } from "./inventory-dice.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const EVENT_ID = "0197f3c2-7b1e-4cc3-98c4-dc0c0c07398f";
const ORGANIZER_ID = "0197f3b0-11aa-4d55-b1c4-7a6f5e4d3c2b";
const TYPES = [0, 1, 2, 3].map((number) => `0197f3c2-7b1f-4a52-8f0d-00000000000${number}`);
const SHARED = ["hall", "floor"];
const ALLOCATIONS = ["press", "sponsor"];

const plain = (id: string, capacity: number): PoolConfig => ({ id, capacity, withinPoolIds: [] });

/** Categories that its types sell, one list a type; a type beyond the list is sold without seats. */
export type Seating = readonly (readonly string[])[];

export interface Era {
  nowMs: number;
  seating: Seating;
  seatMapIds: readonly (string | null)[];
}

/** What nobody has seen before. */
export function drawTerms(dice: Dice, version: number, era: Era): InventoryConfig {
  const ids = TYPES.slice(0, Math.max(era.seating.length, dice.between(2, TYPES.length)));
  const shared = SHARED.map((id) => plain(id, dice.between(5, 14)));
  const allocations = dice.some(ALLOCATIONS, 0.5).map((id) => {
    const within = dice.some(SHARED, 0.5);
    return { id, capacity: dice.between(0, 4), withinPoolIds: within.length > 0 ? within : ["hall"] };
  });
  const ticketTypes = ids.map((id, index) => drawType(dice, id, index, allocations, era));
  return {
    eventId: EVENT_ID,
    organizerId: ORGANIZER_ID,
    version,
    changeId: `change ${version} ${dice.below(1_000_000)}`,
    isPublic: dice.chance(0.97),
    currency: "EUR",
    endMs: era.nowMs + dice.pick([6 * HOUR_MS, 3 * DAY_MS, 10 * DAY_MS, 10 * DAY_MS]),
    holdMs: dice.pick([MINUTE_MS, 10 * MINUTE_MS]),
    holdCapMs: dice.pick([10, 15, 30]) * MINUTE_MS,
    maxPerPerson: dice.chance(0.3) ? dice.between(2, 6) : null,
    seatMapId: dice.pick(era.seatMapIds),
    refuseOrphanSeats: dice.chance(0.5),
    allowWaitlist: dice.chance(0.8),
    offerMs: dice.pick([MINUTE_MS, HOUR_MS]),
    maxPerAddress: dice.chance(0.4) ? dice.between(3, 8) : null,
    unpaidOrdersPerPerson: dice.chance(0.4) ? dice.between(1, 3) : null,
    anonymousShare: dice.chance(0.3) ? dice.pick([0.25, 0.5, 1]) : null,
    pools: [...shared, ...ids.map((id) => plain(id, dice.between(2, 9))), ...allocations],
    ticketTypes,
  };
}

function drawType(
  dice: Dice,
  id: string,
  index: number,
  allocations: readonly PoolConfig[],
  { nowMs, seating }: Era,
): TicketTypeConfig {
  const minPerOrder = dice.chance(0.2) ? 2 : 1;
  return {
    id,
    name: `Type ${index}`,
    description: null,
    poolIds: drawPools(dice, id, allocations),
    quantity: 1,
    unitPriceMinor: dice.pick([0, 1000, 2500]),
    minPerOrder,
    maxPerOrder: dice.between(minPerOrder + 1, 6),
    saleStartMs: dice.chance(0.15) ? nowMs + dice.between(0, 20) * MINUTE_MS : null,
    saleEndMs: dice.chance(0.1) ? nowMs + dice.between(1, 40) * HOUR_MS : null,
    opensAfterTicketTypeId: index > 0 && dice.chance(0.25) ? (TYPES[index - 1] ?? null) : null,
    maxPerPerson: dice.chance(0.25) ? dice.between(1, 4) : null,
    seatCategories: [...(seating[index] ?? [])],
  };
}

function drawPools(dice: Dice, id: string, allocations: readonly PoolConfig[]): string[] {
  const poolIds = new Set([id, ...dice.some(SHARED, 0.6)]);
  const allocation = allocations.length > 0 && dice.chance(0.4) ? dice.pick(allocations) : null;
  if (allocation !== null) {
    poolIds.add(allocation.id);
    // Through an allocation one draws from a pool around it.
    if (!allocation.withinPoolIds.some((around) => poolIds.has(around))) poolIds.add(dice.pick(allocation.withinPoolIds));
  }
  return [...poolIds];
}

/** Without what begins and ends by the clock, and without limits that end somebody's waiting. */
export const calm = (terms: InventoryConfig): InventoryConfig => ({
  ...terms,
  endMs: Date.UTC(2028, 0, 1),
  maxPerPerson: null,
  ticketTypes: terms.ticketTypes.map((type) => ({
    ...type,
    saleStartMs: null,
    saleEndMs: null,
    opensAfterTicketTypeId: null,
    maxPerPerson: null,
  })),
});

/** The terms as they stand, a little other. */
export function changeTerms(dice: Dice, standing: InventoryConfig, era: Era): InventoryConfig {
  const version = standing.version + dice.pick([1, 1, 1, 2]);
  const changeId = `change ${version} ${dice.below(1_000_000)}`;
  const changed: InventoryConfig = { ...standing, version, changeId };
  const { pools, ticketTypes } = standing;
  const withPools = (next: PoolConfig[]) => ({ ...changed, pools: next });
  const withType = (type: TicketTypeConfig) => ({
    ...changed,
    ticketTypes: ticketTypes.map((other) => (other.id === type.id ? type : other)),
  });
  const capacity = (id: string, by: number) =>
    pools.map((pool) => (pool.id === id ? { ...pool, capacity: Math.max(0, pool.capacity + by) } : pool));
  const type = dice.pick(ticketTypes);
  const allocations = pools.filter(({ withinPoolIds }) => withinPoolIds.length > 0);

  switch (dice.below(12)) {
    case 0:
    case 1:
      return withPools(capacity(dice.pick(pools).id, dice.between(1, 4)));
    case 2:
    case 3:
      return withPools(capacity(dice.pick(pools).id, -dice.between(1, 4)));
    case 4: {
      const [from, to, by] = [dice.pick(pools).id, dice.pick(pools).id, dice.between(1, 3)];
      const lowered = capacity(from, -by);
      return withPools(lowered.map((pool) => (pool.id === to ? { ...pool, capacity: pool.capacity + by } : pool)));
    }
    case 5:
      return withType({ ...type, poolIds: drawPools(dice, type.id, allocations) });
    case 6:
      return withType({ ...type, unitPriceMinor: type.unitPriceMinor + 100, maxPerOrder: dice.between(type.minPerOrder, 6) });
    case 7: {
      const index = TYPES.indexOf(type.id);
      const before = ticketTypes.find(({ id }) => id === TYPES[index - 1]);
      return withType({ ...type, opensAfterTicketTypeId: dice.chance(0.5) ? null : (before?.id ?? null) });
    }
    case 8:
      return withoutType(changed, type.id);
    case 9:
      return { ...changed, seatMapId: dice.pick(era.seatMapIds), refuseOrphanSeats: dice.chance(0.5) };
    case 10:
      return {
        ...changed,
        maxPerPerson: dice.pick([null, 3, 5]),
        maxPerAddress: dice.pick([null, 4]),
        endMs: era.nowMs + 3 * DAY_MS,
      };
    default:
      return drawTerms(dice, version, era);
  }
}

function withoutType(terms: InventoryConfig, id: string): InventoryConfig {
  const ticketTypes = terms.ticketTypes
    .filter((type) => type.id !== id)
    .map((type) => (type.opensAfterTicketTypeId === id ? { ...type, opensAfterTicketTypeId: null } : type));
  return ticketTypes.length === 0 ? terms : { ...terms, ticketTypes, pools: terms.pools.filter((pool) => pool.id !== id) };
}

/** What the API never lets through: the object throws, after it has begun to write. */
export const breakTerms = (terms: InventoryConfig): InventoryConfig => ({
  ...terms,
  version: terms.version + 1,
  changeId: "broken",
  ticketTypes: terms.ticketTypes.map((type, index) => (index === terms.ticketTypes.length - 1 ? { ...type, poolIds: [] } : type)),
});
