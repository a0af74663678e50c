/** The doors of `TicketInventory`; what passes through them is in `inventory.ts` for the most part. */
import type { Admission, CheckInRefusal, CheckInRequest } from "./admissions";
import type {
  Availability,
  ClaimRefusal,
  ConfirmRefusal,
  ConfirmRequest,
  EndedHold,
  HeldStock,
  HoldChangeRefusal,
  Holder,
  HoldRefusal,
  HoldRequest,
  InventoryConfig,
  IssuedTicket,
  Line,
  OnlyOrganizer,
  OrderOutcome,
  PoolState,
} from "./inventory";
import type { Refusal } from "./problems";
import type { Result } from "./result";
import type { SeatInventoryRpc } from "./seats";
import type { WaitingInventoryRpc } from "./waiting";

/** A `ClaimRequest` as the object is asked it: of one hold, with an HMAC in the place of the address. */
export interface HoldClaim {
  orderId: string;
  holdId: string;
  requestHash: string;
  holder: Holder;
  insider: boolean;
  onlyOrganizerId?: OnlyOrganizer;
  /** What to place for the order where there is no such hold yet; null where it must be there. */
  items: Line[] | null;
  /** HMAC of the buyer's normalized mail address: whose tickets `maxPerPerson` counts. */
  personKey?: string | null;
  /** Of an address that the buyer has proved: orders of others who only named it, and have not paid, do not count against him. */
  isPersonVerified?: boolean;
}

/** The object's RPC surface. `private` in TypeScript is callable over RPC, so everything else in the class is `#private`. */
export interface TicketInventoryRpc extends SeatInventoryRpc, WaitingInventoryRpc {
  /** `seats_missing`: the map that it names has not been installed. */
  open(config: InventoryConfig): Promise<Result<{ version: number }, Refusal<"event_state" | "state_moved" | "seats_missing">>>;
  reconfigure(
    config: InventoryConfig,
  ): Promise<
    Result<
      { version: number },
      Refusal<
        "event_not_found" | "capacity_below_sold" | "ticket_type_in_use" | "state_moved" | "seats_missing" | "seat_map_in_use"
      >
    >
  >;
  /** No more holds; existing claims may still end. Cancelling the event closes it first (rule 6). */
  close(reason: "cancelled" | "completed"): Promise<Result<{ version: number }, Refusal<"event_not_found">>>;
  placeHold(request: HoldRequest): Promise<Result<HeldStock, HoldRefusal>>;
  hold(holdId: string): Promise<Result<HeldStock, EndedHold | Refusal<"event_not_found" | "hold_not_found">>>;
  /** Other lines for a hold that no order has claimed. `partial` as in `HoldRequest`. */
  changeHold(holdId: string, items: Line[], partial?: boolean): Promise<Result<HeldStock, HoldChangeRefusal>>;
  /**
   * Moves the end of a hold that no order has claimed out, to `holdMs` from now, never beyond `holdCapMs` from its placing, never in.
   * At the cap it is the same answer unchanged.
   */
  extendHold(holdId: string): Promise<Result<HeldStock, HoldChangeRefusal>>;
  /**
   * An expired hold that no order has claimed takes the same lines again while stock lasts, at today's prices, which it tells where they
   * differ; at most three times, then `hold_expired`. A released one hears `hold_released`; a live one is the same answer unchanged.
   */
  reacquireHold(holdId: string): Promise<Result<HeldStock, HoldChangeRefusal>>;
  releaseHold(holdId: string): Promise<Result<null, Refusal<"event_not_found" | "hold_not_found" | "hold_in_use">>>;
  /** Binds one order to a hold, for ever; again with the same order is the same answer. */
  claim(claim: HoldClaim): Promise<Result<HeldStock, ClaimRefusal>>;
  /**
   * The order's end is the provider's (rule 13), never earlier than it was, never beyond the end of the event or seven days from the
   * claim. An order whose hold has ended gets its stock again at the frozen price, so that it may be paid, or hears `sold_out`; after
   * three times, or those seven days, it hears `hold_expired`.
   */
  extend(
    orderId: string,
    untilMs: number,
  ): Promise<
    Result<
      { expiresAtMs: number },
      Refusal<"event_not_found" | "order_not_found" | "hold_expired" | "state_moved" | "sold_out" | "person_limit">
    >
  >;
  confirm(request: ConfirmRequest): Promise<Result<IssuedTicket[], ConfirmRefusal>>;
  /** Each by itself, in the order asked; at most 100. The tickets stand, and are not told. */
  confirmMany(requests: ConfirmRequest[]): Promise<Result<null, ConfirmRefusal>[]>;
  /**
   * For ever, but for the reason `expired`: late money may still confirm such an order while stock lasts, and an order whose time is
   * not up after all (a payment has moved its end out) stays as it is and hears `open`.
   */
  release(
    orderId: string,
    reason: string,
  ): Promise<Result<{ outcome: OrderOutcome }, Refusal<"event_not_found" | "order_not_found">>>;
  /** Each by itself, in the order asked; at most 100. */
  releaseMany(
    orderIds: string[],
    reason: string,
  ): Promise<Result<{ outcome: OrderOutcome }, Refusal<"event_not_found" | "order_not_found">>[]>;
  voidTickets(
    orderId: string,
    ticketIds: string[] | null,
  ): Promise<Result<IssuedTicket[], Refusal<"event_not_found" | "order_not_found">>>;
  /** All tickets of each order, each by itself, in the order asked; at most 100. The answers name the tickets that an order has. */
  voidMany(orderIds: string[]): Promise<Result<string[], Refusal<"event_not_found" | "order_not_found">>[]>;
  /** Whether somebody has paid for a ticket that still stands. */
  hasPaidTickets(): Promise<Result<boolean, Refusal<"event_not_found">>>;
  ticketsOf(orderId: string): Promise<Result<IssuedTicket[], Refusal<"event_not_found">>>;
  checkIn(request: CheckInRequest): Promise<Result<Admission, CheckInRefusal>>;
  availability(): Promise<Result<Availability, Refusal<"event_not_found">>>;
  /** All pools, the event's and the types' own among them, in the order of ids. */
  pools(): Promise<Result<PoolState[], Refusal<"event_not_found">>>;
}
