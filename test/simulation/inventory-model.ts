/**
 * The event as a person with a pencil would keep it: lists of holds, tickets and blocked seats, and every count made anew by going
 * through them. It shares no line with the object, and knows nothing of rows, savepoints or alarms: a hold past its end is gone.
 */
import type { StockNews } from "../../shared/contracts/feed.ts";
import type { Holder, InventoryConfig, TicketTypeConfig } from "../../shared/contracts/inventory.ts";
import type { CompiledSeatMap } from "../../shared/contracts/seats.ts";
import { type Letter, type ModelSeat, seatsOf } from "./inventory-map.ts";

export interface ModelLine {
  ticketTypeId: string;
  quantity: number;
  unitPriceMinor: number;
  asked: number | null;
  seatIds: string[];
}

export interface ModelHold {
  id: string;
  requestHash: string;
  holder: Holder;
  state: "held" | "confirmed" | "released" | "expired";
  orderId: string | null;
  endMs: number;
  capMs: number;
  reacquired: number;
  lines: ModelLine[];
  personKey: string | null;
  fingerprintKey: string | null;
  /** The reason of its order's release, null while there is none. */
  releasedFor: string | null;
}

export interface ModelTicket {
  id: string;
  orderId: string;
  ticketTypeId: string;
  unitPriceMinor: number;
  status: "valid" | "admitted" | "void";
  seatId: string | null;
  /** Made void after the event was cancelled: nobody may have its place. */
  keepsPlace: boolean;
}

/** Of the waiting list; its list keeps the order in which they joined. */
export interface ModelEntry {
  id: string;
  personKey: string;
  userId: string | null;
  ticketTypeIds: string[];
  quantity: number;
  priority: number;
  status: "waiting" | "offered" | "removed" | "ended";
  holdId: string | null;
  isAccepted: boolean;
}

export interface PoolCount {
  capacity: number;
  sold: number;
  held: number;
  heldByGuests: number;
  blocked: number;
}

export const isGuest = (holder: Holder): boolean => holder.kind !== "user";
export const sumOf = (numbers: Iterable<number>): number => {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
};

export class Model {
  config: InventoryConfig;
  state: "open" | "cancelled" | "completed" = "open";
  /** Types whose turn came by the sell-out of the one before. */
  readonly opened = new Set<string>();
  holds: ModelHold[] = [];
  tickets: ModelTicket[] = [];
  readonly blocked = new Set<string>();
  entries: ModelEntry[] = [];
  /** By the hold's id: a key's refusal and until when it is kept. */
  readonly kept = new Map<string, { requestHash: string; code: string; untilMs: number }>();
  /** By device and nonce. */
  readonly scans = new Map<string, { codeHash: string; ticketId: string; outcome: string }>();
  /** What each shard of the feed was told last. */
  readonly heard = new Map<number, StockNews>();
  seats = new Map<string, ModelSeat>();
  map: CompiledSeatMap | null = null;
  nowMs: number;
  /** Holds are due that the object has not ended yet: until it does, their seats stand in the way of what is best. */
  isLagging = false;
  /** An event with a waiting list, and without what opens or ends by the clock alone. */
  isCalm = false;

  constructor(config: InventoryConfig, nowMs: number) {
    this.config = config;
    this.nowMs = nowMs;
  }

  type(id: string): TicketTypeConfig | undefined {
    return this.config.ticketTypes.find((type) => type.id === id);
  }

  hold(id: string): ModelHold | undefined {
    return this.holds.find((hold) => hold.id === id);
  }

  holdOfOrder(orderId: string): ModelHold | undefined {
    return this.holds.find((hold) => hold.orderId === orderId);
  }

  isLive(hold: ModelHold): boolean {
    return hold.state === "held" && hold.endMs > this.nowMs;
  }

  ticketsOf(orderId: string): ModelTicket[] {
    return this.tickets.filter((ticket) => ticket.orderId === orderId);
  }

  /** Sold, held, and held by guests, by ticket type. */
  takenByType(): Map<string, { sold: number; held: number; heldByGuests: number }> {
    const taken = new Map<string, { sold: number; held: number; heldByGuests: number }>();
    const of = (id: string) => {
      const known = taken.get(id);
      if (known !== undefined) return known;
      const none = { sold: 0, held: 0, heldByGuests: 0 };
      taken.set(id, none);
      return none;
    };
    for (const ticket of this.tickets) if (ticket.status !== "void" || ticket.keepsPlace) of(ticket.ticketTypeId).sold += 1;
    for (const hold of this.holds) {
      if (!this.isLive(hold)) continue;
      for (const { ticketTypeId, quantity } of hold.lines) {
        const count = of(ticketTypeId);
        count.held += quantity;
        if (isGuest(hold.holder)) count.heldByGuests += quantity;
      }
    }
    return taken;
  }

  /** Every pool of the terms, as they stand or as they would be, with some more held. */
  pools(config = this.config, more: readonly { ticketTypeId: string; quantity: number }[] = []): Map<string, PoolCount> {
    const taken = this.takenByType();
    const of = (id: string) => {
      const { sold, held, heldByGuests } = taken.get(id) ?? { sold: 0, held: 0, heldByGuests: 0 };
      return {
        sold,
        held: held + sumOf(more.filter((line) => line.ticketTypeId === id).map(({ quantity }) => quantity)),
        heldByGuests,
      };
    };
    const pools = new Map<string, PoolCount>();
    for (const { id, capacity } of config.pools) {
      const count = { capacity, sold: 0, held: 0, heldByGuests: 0, blocked: 0 };
      for (const type of config.ticketTypes) {
        if (!type.poolIds.includes(id)) continue;
        const { sold, held, heldByGuests } = of(type.id);
        count.sold += sold;
        count.held += held;
        count.heldByGuests += heldByGuests;
      }
      // An allocation keeps what it has not given to those who draw from here through it.
      for (const allocation of config.pools) {
        if (!allocation.withinPoolIds.includes(id)) continue;
        const through = config.ticketTypes.filter(({ poolIds }) => poolIds.includes(id) && poolIds.includes(allocation.id));
        count.blocked += allocation.capacity - sumOf(through.map((type) => of(type.id).sold + of(type.id).held));
      }
      pools.set(id, count);
    }
    return pools;
  }

  /** What is left of each type, for everybody: those who wait come first. */
  available(): Map<string, number> {
    const left = this.publicRooms();
    return new Map(this.config.ticketTypes.map((type) => [type.id, this.leastIn(type, left)]));
  }

  /** By pool, without what is kept for those who wait. `had`: what a hold that is being changed has, which stays its own. */
  publicRooms(had: readonly { ticketTypeId: string; quantity: number }[] = []): Map<string, number> {
    const asHeld = new Map([...this.pools(this.config, had)].map(([id, pool]) => [id, roomOf(pool)]));
    const own = new Map([...this.pools()].map(([id, pool]) => [id, roomOf(pool) - (asHeld.get(id) ?? 0)]));
    for (const entry of this.queue()) this.setAside(this.typesFor(entry), asHeld);
    return new Map([...asHeld].map(([id, room]) => [id, room + (own.get(id) ?? 0)]));
  }

  /** Whose turn comes first: the higher priority, then the earlier. */
  queue(): ModelEntry[] {
    return this.entries.filter(({ status }) => status === "waiting").sort((one, other) => other.priority - one.priority);
  }

  /** Of an entry, the types that it may have once there is enough. */
  typesFor({ ticketTypeIds, quantity }: Pick<ModelEntry, "ticketTypeIds" | "quantity">): TicketTypeConfig[] {
    const types = ticketTypeIds.flatMap((id) => this.type(id) ?? []);
    return types.filter(
      (type) => quantity >= type.minPerOrder && quantity <= type.maxPerOrder && this.couldServe(type, quantity),
    );
  }

  /** Whether there would be so many if nothing were taken; what allocations have is theirs. */
  couldServe(type: TicketTypeConfig, quantity: number): boolean {
    const { pools } = this.config;
    return this.drawnBy(type).every((id) => {
      const capacity = pools.find((pool) => pool.id === id)?.capacity ?? 0;
      const within = pools.filter(({ withinPoolIds }) => withinPoolIds.includes(id));
      return capacity - sumOf(within.map((pool) => pool.capacity)) >= quantity;
    });
  }

  /** Everything that there is of the types, out of each pool once. */
  setAside(types: readonly TicketTypeConfig[], left: Map<string, number>): void {
    const aside = new Map<string, number>();
    for (const type of types) {
      const some = this.leastIn(type, left);
      for (const id of this.drawnBy(type)) aside.set(id, Math.max(aside.get(id) ?? 0, some));
    }
    for (const [id, some] of aside) if (some > 0) left.set(id, Math.max(0, (left.get(id) ?? 0) - some));
  }

  /** A type's pools, but for those in which an allocation has kept its places already. */
  drawnBy({ poolIds }: TicketTypeConfig): string[] {
    const kept = new Set(this.config.pools.filter(({ id }) => poolIds.includes(id)).flatMap((pool) => pool.withinPoolIds));
    return poolIds.filter((id) => !kept.has(id));
  }

  leastIn(type: TicketTypeConfig, left: ReadonlyMap<string, number>): number {
    const rooms = this.drawnBy(type).map((id) => left.get(id) ?? 0);
    if (type.seatCategories.length > 0) {
      const free = this.map === null ? null : this.freeByCategory();
      rooms.push(sumOf(type.seatCategories.map((category) => free?.get(category) ?? 0)));
    }
    return Math.max(0, Math.min(...rooms));
  }

  /** Who has which seat; a seat that two have is a fault that no order of events excuses. */
  takenSeats(): Map<string, Letter> {
    const taken = new Map<string, Letter>();
    const take = (id: string, letter: Letter) => {
      if (taken.has(id)) throw new Error(`seat ${id} has two owners: ${taken.get(id)} and ${letter}`);
      taken.set(id, letter);
    };
    for (const id of this.blocked) take(id, "b");
    for (const hold of this.holds)
      if (this.isLive(hold)) for (const { seatIds } of hold.lines) for (const id of seatIds) take(id, "h");
    for (const ticket of this.tickets)
      if (ticket.seatId !== null && (ticket.status !== "void" || ticket.keepsPlace)) take(ticket.seatId, "s");
    return taken;
  }

  freeByCategory(): Map<string, number> {
    const taken = this.takenSeats();
    const free = new Map<string, number>();
    for (const { id, category } of this.seats.values()) if (!taken.has(id)) free.set(category, (free.get(category) ?? 0) + 1);
    return free;
  }

  /** Whoever took stock may have taken a tier's last. */
  openTiers(): void {
    if (
      !this.config.ticketTypes.some(({ id, opensAfterTicketTypeId }) => opensAfterTicketTypeId !== null && !this.opened.has(id))
    )
      return;
    const left = new Map([...this.pools()].map(([id, pool]) => [id, roomOf(pool)]));
    const available = new Map(this.config.ticketTypes.map((type) => [type.id, this.leastIn(type, left)]));
    for (const { id, opensAfterTicketTypeId } of this.config.ticketTypes)
      if (opensAfterTicketTypeId !== null && available.get(opensAfterTicketTypeId) === 0) this.opened.add(id);
  }

  /** Whether something ends or begins in this time: a clock that is set back over it would bring back what is gone. */
  turnsWithin(fromMs: number, toMs: number): boolean {
    const turns = [
      this.config.endMs,
      ...this.holds.flatMap(({ endMs, capMs }) => [endMs, capMs]),
      ...[...this.kept.values()].map(({ untilMs }) => untilMs),
      ...this.config.ticketTypes.flatMap(({ saleStartMs, saleEndMs }) => [saleStartMs ?? 0, saleEndMs ?? 0]),
    ];
    return turns.some((turnMs) => fromMs < turnMs && turnMs <= toMs);
  }

  lay(map: CompiledSeatMap | null): void {
    this.map = map;
    this.seats = new Map((map === null ? [] : seatsOf(map)).map((seat) => [seat.id, seat]));
  }
}

export const roomOf = (pool: PoolCount | undefined): number =>
  pool === undefined ? 0 : pool.capacity - pool.sold - pool.held - pool.blocked;
