/** What there could ever be of a type, if everybody gave back what he has: who waits for more keeps nothing from anybody. */
import type { TicketTypeConfig } from "../../shared/contracts/inventory";
import type { Terms } from "./event";
import { poolsNow } from "./pools";
import { SEGMENTS_PER_MAP } from "./seat-rows";

/** A category's seats, by how they can be given. Seats that the organizer has blocked are among them: he may release them. */
export interface SeatSupply {
  /** Sold one by one, and for anybody. */
  loose: number;
  /** Tables by their size, each sold whole. */
  tables: Map<number, number>;
  /** Kinds of the segments that have seats for wheelchairs, or for those who come with one: only who asks for these is given them. */
  special: Map<number, string>;
}

export interface Supply {
  /** By pool: its capacity without the allocations within it. */
  pools: Map<string, number>;
  /** By category of the event's map. */
  seats: Map<string, SeatSupply>;
}

export function supplyOf(sql: SqlStorage, terms: Terms): Supply {
  const capacities = new Map(poolsNow(sql).map(({ id, capacity }) => [id, capacity]));
  const pools = new Map(capacities);
  for (const [allocation, withinPoolIds] of terms.surroundings)
    for (const id of withinPoolIds) pools.set(id, (pools.get(id) ?? 0) - (capacities.get(allocation) ?? 0));
  return { pools, seats: seatSupplyOf(sql, terms) };
}

/** A map never changes under its id and number but by the companions' seats that are released, so that it is counted once. */
const counted = new WeakMap<SqlStorage, { map: string; seats: Map<string, SeatSupply> }>();

function seatSupplyOf(sql: SqlStorage, { seatMapId }: Terms): Map<string, SeatSupply> {
  if (seatMapId === null) return new Map();
  const [active] = sql.exec<{ number: number; id: string }>("SELECT number, id FROM seat_maps WHERE is_active = 1").toArray();
  if (active === undefined) return new Map();
  const { released } = sql.exec<{ released: number }>("SELECT COUNT(*) AS released FROM released_companions").one();
  const map = `${active.number}/${active.id}/${released}`;
  const known = counted.get(sql);
  if (known?.map === map) return known.seats;
  const seats = countSupply(sql, active.number);
  counted.set(sql, { map, seats });
  return seats;
}

function countSupply(sql: SqlStorage, map: number): Map<string, SeatSupply> {
  const seats = new Map<string, SeatSupply>();
  const segments = sql.exec<{ number: number; category_id: string; whole: number; kinds: string }>(
    `SELECT s.number, c.id AS category_id, s.whole, s.kinds FROM seat_segments s JOIN seat_categories c ON c.number = s.category
     WHERE s.number BETWEEN ?1 * ?2 AND (?1 + 1) * ?2 - 1`,
    map,
    SEGMENTS_PER_MAP,
  );
  for (const { number, category_id: category, whole, kinds } of segments) {
    const supply = seats.get(category) ?? { loose: 0, tables: new Map<number, number>(), special: new Map<number, string>() };
    seats.set(category, supply);
    if (whole === 1) supply.tables.set(kinds.length, (supply.tables.get(kinds.length) ?? 0) + 1);
    else {
      const special = [...kinds].filter(isSpecial).length;
      supply.loose += kinds.length - special;
      if (special > 0) supply.special.set(number, kinds);
    }
  }
  return seats;
}

/** For a wheelchair, or for who comes with one. */
export const isSpecial = (kind: string | undefined): boolean => kind === "a" || kind === "c";

/** Whether an offer of so many of the type would be possible if nothing were taken. */
export function couldServe(terms: Terms, supply: Supply, type: TicketTypeConfig, quantity: number): boolean {
  const own = (terms.draws.get(type.id) ?? []).filter(({ isReserved }) => !isReserved);
  if (own.some(({ poolId }) => (supply.pools.get(poolId) ?? 0) < quantity)) return false;
  return type.seatCategories.length === 0 || couldSeat(supply, type.seatCategories, quantity);
}

/** Some whole tables, and the rest on loose seats. */
function couldSeat({ seats }: Supply, categories: readonly string[], quantity: number): boolean {
  const supplies = categories.flatMap((category) => seats.get(category) ?? []);
  const loose = supplies.reduce((sum, supply) => sum + supply.loose, 0);
  const atTables = new Set([0]);
  for (const { tables } of supplies)
    for (const [size, count] of tables)
      for (let nth = 0; nth < Math.min(count, Math.floor(quantity / size)); nth++)
        for (const sum of [...atTables]) if (sum + size <= quantity) atTables.add(sum + size);
  return [...atTables].some((seated) => quantity - seated <= loose);
}
