/** One sequence of facts from its beginning to its end, with what must hold after each. */
import {
  checkEnd,
  checkFates,
  checkMoney,
  checkSteps,
  checkStock,
  halfWay,
  hasMoney,
  look,
  type PaymentSeen,
  type Seen,
  ticketsIn,
} from "./sale-checks";
import type { Fact, Part } from "./sale-facts";
import { SaleModel } from "./sale-model";
import { CAPACITY, FREE_TYPE, HOLD_MS, openWorld, PAID_TYPE, type Swap, type World } from "./sale-world";

const REACQUIRED_MS = 10 * 60_000;

const pick = <T>(some: Iterable<T>, at: number): T | undefined => {
  const all = [...some];
  return all[at % Math.max(1, all.length)];
};

/** What all runs have seen of orders: one that never meets late money proves nothing of it. */
export const reached = new Set<string>();

class Run {
  readonly world: World;
  readonly model = new SaleModel(CAPACITY);
  #seen: Seen;
  /** Money came again that had been given back. */
  #hasReturned = false;
  /** Somebody was killed: until the sweeps have been there, D1 may not know yet what the object has decided. */
  #isCut = false;

  constructor(world: World) {
    this.world = world;
    this.#seen = look(world);
  }

  /** Alone, so that the model says how it ends. */
  async step(fact: Fact): Promise<void> {
    const { world, model } = this;
    const before = this.#seen;
    const isLiving = (orderId: string) =>
      before.payments.some(({ order_id, state }) => order_id === orderId && (state === "initiated" || state === "processing"));
    const order = "order" in fact ? pick(before.orders, fact.order)?.id : undefined;
    if (fact.type === "cancel" && order) model.cancel(order, world.nowMs());
    if (fact.type === "pay" && order && !isLiving(order)) model.comeToPay(order, world.nowMs() + REACQUIRED_MS, world.nowMs());
    if (fact.type === "close") model.close(fact.reason);
    const hasRoom = fact.type === "place" && model.hasRoom(fact.quantity, world.nowMs());
    await this.#do(fact);
    const placed = look(world).orders.filter(({ id }) => !before.orders.some((known) => known.id === id));
    if (fact.type === "place") {
      if (!this.#isCut && placed.length !== (hasRoom ? 1 : 0))
        throw new Error(`placed ${placed.length} orders, the model has room: ${hasRoom}`);
      for (const { id } of placed) model.place(id, fact.quantity, world.nowMs() + HOLD_MS, fact.free);
    }
    if (this.#isCut) this.#adopt();
    else this.#learn();
    this.check();
  }

  /** The fact's process dies in the middle of it, and a new one starts. */
  async kill(fact: Fact, after: number): Promise<void> {
    const { world } = this;
    this.#isCut = true;
    world.power.cutAfter(after);
    await this.#act(fact, this.#seen).then(
      () => undefined,
      () => undefined,
    );
    await world.idle();
    world.power.restore();
    this.#adopt();
    this.check();
  }

  /** At once: how it ends is one of several ways, of which the model is told which. */
  async race(facts: readonly Fact[], choices: readonly number[]): Promise<void> {
    const before = this.#seen;
    await this.world.turns.race(
      facts.map((fact) => () => this.#act(fact, before)),
      choices,
    );
    await this.world.idle();
    this.#adopt();
    this.check();
  }

  async #do(fact: Fact): Promise<void> {
    await this.#act(fact, this.#seen);
    await this.world.idle();
  }

  async #act(fact: Fact, { orders, payments }: Seen): Promise<void> {
    const { world } = this;
    const { bank } = world;
    switch (fact.type) {
      case "place":
        return void (await world.place(fact.free ? FREE_TYPE : PAID_TYPE, fact.quantity));
      case "pay": {
        const order = pick(orders, fact.order);
        bank.refundMood = fact.back;
        return order && world.pay(order.id, fact.mood);
      }
      case "settle": {
        const charge = pick(bank.charges.values(), fact.charge);
        return charge && bank.settle(charge, fact.paid);
      }
      case "settleReturn": {
        const back = pick(bank.returns.values(), fact.back);
        this.#hasReturned ||= !fact.paid && back?.status === "succeeded";
        return back && bank.settleReturn(back, fact.paid);
      }
      case "deliver":
        for (let times = 0; times < fact.times && bank.events.length > 0; times++)
          await world.deliver(fact.event % bank.events.length);
        return;
      case "cancel": {
        const order = pick(orders, fact.order);
        return order && world.cancel(order.id);
      }
      case "refund": {
        const payment = pick(payments, fact.payment);
        bank.refundMood = fact.back;
        return payment && world.refund(payment.id, this.#wish(payment, fact.part));
      }
      case "pass":
        return world.pass(fact.ms);
      case "sweep":
        return world.sweep();
      case "ring":
        return world.ring();
      case "close":
        return world.close(fact.reason);
      case "kill":
      case "race":
        return;
    }
  }

  #wish({ order_id, amount_minor }: PaymentSeen, part: Part): Parameters<World["refund"]>[1] {
    // A sum that does not come out even, so that the last part is another one.
    if (part === "some") return { amountMinor: Math.ceil(amount_minor / 3) + 1 };
    const [ticket] = this.world.stock
      .exec<{ id: string }>("SELECT id FROM tickets WHERE order_id = ? LIMIT 1", order_id)
      .toArray();
    return part === "a ticket" && ticket ? { ticketIds: [ticket.id] } : {};
  }

  check(): void {
    const { world, model } = this;
    const seen = look(world);
    checkSteps(this.#seen, seen, this.#hasReturned);
    checkMoney(world, seen);
    if (!this.#isCut) {
      checkFates(seen, model);
      checkStock(world, seen, model);
    }
    this.#seen = seen;
    for (const { state, paid_at_ms } of seen.orders)
      reached.add(paid_at_ms === null && state === "refunded" ? "given_back" : state);
  }

  /** Money that came in this step: what it bought must be what the model says, in one order or another where several came at once. */
  #learn(): void {
    const came = look(this.world).payments.filter(
      (payment) => hasMoney(payment) && !this.#seen.payments.some((known) => known.id === payment.id && hasMoney(known)),
    );
    const nowMs = this.world.nowMs();
    const fits = permutations(came).find((order) => {
      const guess = this.model.clone();
      return order.every(({ order_id, is_surplus }) => guess.receive(order_id, nowMs) === (is_surplus === 0));
    });
    if (!fits) throw new Error(`the model says otherwise of this money: ${JSON.stringify(came)}`);
    for (const { order_id } of fits) this.model.receive(order_id, nowMs);
    for (const { order_id, void: voided } of ticketsIn(this.world)) this.model.void(order_id, voided);
  }

  /** After a race the model takes over what became of each order; all that holds in any case is checked all the same. */
  #adopt(): void {
    for (const { id, state, paid_at_ms, expires_at_ms } of look(this.world).orders) {
      const order = this.model.orders.get(id);
      if (!order) throw new Error("an order came out of nowhere");
      if (paid_at_ms !== null) order.fate = "paid";
      else if (state === "cancelled") order.fate = "cancelled";
      else if (state !== "pending" && state !== "expired") {
        order.isStuck ||= order.fate === "open" && !this.model.isOpen && !this.#isReleased(id);
        order.fate = "lost";
      }
      if (order.endMs < expires_at_ms) order.reacquired += 1;
      order.endMs = expires_at_ms;
    }
    for (const { order_id, void: voided } of ticketsIn(this.world)) this.model.void(order_id, voided);
  }

  /** Money and a cancellation at once: the object may have refused the one and granted the other. */
  #isReleased(orderId: string): boolean {
    const released = this.world.stock.exec("SELECT 1 FROM orders WHERE order_id = ? AND outcome = 'released'", orderId);
    return released.toArray().length > 0;
  }

  /** The bank says its last words, everything it said arrives, and the sweeps do the rest. */
  async end(): Promise<void> {
    const { world } = this;
    const { bank } = world;
    bank.refundMood = "succeeded";
    for (const charge of bank.charges.values()) if (charge.status !== "failed") bank.settle(charge, true);
    let told = 0;
    for (let rounds = 0; rounds < 5 && (rounds === 0 || halfWay(world).length > 0); rounds++) {
      for (const back of bank.returns.values()) bank.settleReturn(back, true);
      for (; told < bank.events.length; told++) await world.deliver(told);
      await world.idle();
      world.pass(2 * 3_600_000);
      await world.sweep();
      await world.idle();
    }
    this.#adopt();
    this.#isCut = false;
    this.check();
    checkEnd(world, look(world));
  }
}

function permutations<T>(some: readonly T[]): T[][] {
  if (some.length <= 1) return [[...some]];
  return some.flatMap((one, at) => permutations(some.toSpliced(at, 1)).map((rest) => [one, ...rest]));
}

export interface Asked {
  /** Stands for the world whose bank the provider is. */
  onOpen(world: World): void;
  swap?: Swap;
}

export async function runSale(sequence: readonly Fact[], { onOpen, swap }: Asked): Promise<void> {
  const world = await openWorld(swap);
  onOpen(world);
  const run = new Run(world);
  run.check();
  for (const fact of sequence) {
    if (fact.type === "race") await run.race(fact.facts, fact.choices);
    else if (fact.type === "kill") await run.kill(fact.fact, fact.after);
    else await run.step(fact);
  }
  await run.end();
}
