/** A sale as one would explain it: no database, no state tables, no versions. What the house does is compared with this. */

/** What became of an order, whatever its row is called. */
export type Fate =
  /** Waits for money; its stock is there until its end. */
  | "open"
  /** Given back for good by its buyer. */
  | "cancelled"
  /** Has its tickets. */
  | "paid"
  /** Money came and bought nothing: it goes back. */
  | "lost";

interface ModelOrder {
  quantity: number;
  endMs: number;
  fate: Fate;
  voided: number;
  /** Money came after the event was over: nobody may have the place, and it stays held until its end. */
  isStuck: boolean;
  reacquired: number;
}

const MAX_REACQUIRED = 3;

export class SaleModel {
  orders = new Map<string, ModelOrder>();
  isOpen = true;
  /** Nobody gets a place back that was sold. */
  isCancelled = false;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  clone(): SaleModel {
    const copy = new SaleModel(this.#capacity);
    copy.orders = new Map([...this.orders].map(([id, order]) => [id, { ...order }]));
    copy.isOpen = this.isOpen;
    copy.isCancelled = this.isCancelled;
    return copy;
  }

  sold(): number {
    return this.#sum(({ fate, quantity, voided }) => (fate === "paid" ? quantity - voided : 0));
  }

  held(nowMs: number): number {
    return this.#sum(({ fate, quantity, endMs, isStuck }) => ((fate === "open" || isStuck) && endMs > nowMs ? quantity : 0));
  }

  free(nowMs: number): number {
    return this.#capacity - this.sold() - this.held(nowMs);
  }

  /** Whether an order of so many can be placed. */
  hasRoom(quantity: number, nowMs: number): boolean {
    return this.isOpen && this.free(nowMs) >= quantity;
  }

  place(id: string, quantity: number, endMs: number, isFree: boolean): void {
    this.orders.set(id, { quantity, endMs, fate: isFree ? "paid" : "open", voided: 0, isStuck: false, reacquired: 0 });
  }

  /** Who comes to pay after the end gets the stock again while it lasts, a few times. */
  comeToPay(id: string, untilMs: number, nowMs: number): void {
    const order = this.#get(id);
    if (order.fate !== "open" || order.endMs > nowMs || order.reacquired >= MAX_REACQUIRED) return;
    if (!this.hasRoom(order.quantity, nowMs)) return;
    order.endMs = untilMs;
    order.reacquired += 1;
  }

  /** Money for an order. True when it bought the tickets, false when it must go back. */
  receive(id: string, nowMs: number): boolean {
    const order = this.#get(id);
    if (order.fate === "open") {
      const isTheirs = order.endMs > nowMs || this.free(nowMs) >= order.quantity;
      order.fate = this.isOpen && isTheirs ? "paid" : "lost";
      order.isStuck = !this.isOpen;
      return order.fate === "paid";
    }
    if (order.fate === "cancelled") order.fate = "lost";
    return false;
  }

  /** Whether it is cancelled afterwards. An order whose end has passed is not there to be cancelled. */
  cancel(id: string, nowMs: number): boolean {
    const order = this.#get(id);
    if (order.fate === "open" && order.endMs > nowMs) order.fate = "cancelled";
    return order.fate === "cancelled";
  }

  void(id: string, count: number): void {
    this.#get(id).voided = count;
  }

  close(reason: "cancelled" | "completed"): void {
    this.isOpen = false;
    this.isCancelled ||= reason === "cancelled";
  }

  #get(id: string): ModelOrder {
    const order = this.orders.get(id);
    if (!order) throw new Error(`the model knows no order ${id}`);
    return order;
  }

  #sum(count: (order: ModelOrder) => number): number {
    return [...this.orders.values()].reduce((total, order) => total + count(order), 0);
  }
}
