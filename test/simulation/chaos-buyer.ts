/** One buyer from the first click to the door, as the plan says and as far as the house lets him. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { Ticket } from "../../shared/contracts/events.ts";
import { Order, type Payment, PaymentProcessed } from "../../shared/contracts/orders.ts";
import type { Clients } from "./acknowledged.ts";
import { emailOf } from "./buyers.ts";
import { pause } from "./chaos-house.ts";
import type { Sale, Token } from "./chaos-plan.ts";
import type { Shop } from "./chaos-shop.ts";

const Hold = z.object({ id: z.string(), secret: z.string() });
export const Tickets = z.object({ data: z.array(Ticket) });

/** How long a buyer looks at his screen for the word of his bank. */
const LOOK_FOR_MS = 3_000;
const LOOK_EVERY_MS = 300;

export interface Placed {
  sale: Sale;
  orderId: string;
  token: string;
}

export class Buyer {
  readonly #clients: Clients;
  readonly #shop: Shop;
  readonly #sale: Sale;
  /** The last payment that was not refused. */
  #paid: Payment | null = null;

  constructor(clients: Clients, shop: Shop, sale: Sale) {
    this.#clients = clients;
    this.#shop = shop;
    this.#sale = sale;
  }

  /** Null when there was nothing for him. */
  async buy(): Promise<Placed | null> {
    const placed = await this.#place();
    if (!placed) return null;
    const { ending, tokens, show } = this.#sale;
    if (ending === "cancel") await this.#cancel(placed);
    if (ending === "race") await Promise.all([this.#pay(placed, tokens[0] ?? "tok_success"), this.#cancel(placed)]);
    if (ending === "twice") await Promise.all([this.#pay(placed, "tok_success"), this.#pay(placed, "tok_success")]);
    if (ending === "pay" && show !== "free") for (const token of tokens) if (await this.#pay(placed, token)) break;
    if (ending !== "cancel" && ending !== "abandon" && (await this.#waitUntilPaid(placed))) await this.#useTickets(placed);
    return placed;
  }

  #ask(request: Omit<Parameters<Clients["ask"]>[0], "sale">) {
    return this.#clients.ask({ ...request, sale: this.#sale.number });
  }

  /** What has a key is answered the same again. */
  async #write(request: Omit<Parameters<Clients["ask"]>[0], "sale" | "method">) {
    const keyed = { ...request, method: "POST" as const, key: randomUUID() };
    const answer = await this.#ask(keyed);
    if (this.#sale.repeats && request.operation !== "hold") await this.#ask(keyed);
    return answer;
  }

  async #place(): Promise<Placed | null> {
    const { sale, stage } = { sale: this.#sale, stage: this.#shop.stages[this.#sale.show] };
    const types = sale.mixed ? stage.ticketTypeIds : stage.ticketTypeIds.slice(0, 1);
    const items = types.map((ticketTypeId) => ({ ticketTypeId, quantity: sale.quantity }));
    let wish: object = { items };
    if (sale.holdFirst) {
      const held = await this.#write({ operation: "hold", path: `/events/${stage.eventId}/holds`, body: { items } });
      if (held.status !== 201) return null;
      const { id, secret } = Hold.parse(held.body);
      wish = { holdId: id, holdSecret: secret };
    }
    const buyer = { email: emailOf(sale.number), name: `Buyer ${sale.number}` };
    const answer = await this.#write({ operation: "order", path: "/orders", body: { eventId: stage.eventId, ...wish, buyer } });
    if (answer.status !== 201) return null;
    const { id, accessToken } = Order.parse(answer.body);
    return { sale, orderId: id, token: accessToken ?? "" };
  }

  /** False when the bank said no. */
  async #pay({ orderId, token }: Placed, card: Token): Promise<boolean> {
    const body = { orderId, provider: "test", paymentMethod: { token: card } };
    const answer = await this.#write({ operation: "pay", path: "/payments/process", body, token });
    if (answer.status >= 400) return true;
    const { payment } = PaymentProcessed.parse(answer.body);
    if (payment.status !== "failed") this.#paid = payment;
    if (payment.nextAction?.type === "redirect")
      await this.#ask({ operation: "settle", method: "POST", path: payment.nextAction.url });
    return payment.status !== "failed";
  }

  async #cancel({ orderId, token }: Placed): Promise<void> {
    await this.#write({ operation: "cancel", path: `/orders/${orderId}/cancel`, token });
  }

  async #waitUntilPaid({ orderId, token }: Placed): Promise<boolean> {
    const deadlineMs = Date.now() + LOOK_FOR_MS;
    do {
      const { status, body } = await this.#ask({ operation: "order_read", method: "GET", path: `/orders/${orderId}`, token });
      const order = Order.parse(body);
      if (status !== 200 || order.status !== "pending") return order.status === "paid";
      await pause(LOOK_EVERY_MS);
    } while (Date.now() < deadlineMs);
    return false;
  }

  async #useTickets(placed: Placed): Promise<void> {
    const { orderId, token } = placed;
    const read = await this.#ask({ operation: "tickets_read", method: "GET", path: `/orders/${orderId}/tickets`, token });
    const { data } = Tickets.parse(read.body);
    const { sequel } = this.#sale;
    if (sequel === "check_in") for (const ticket of data.slice(0, 2)) await this.#checkIn(ticket);
    if (sequel === "refund_all") await this.#refund({});
    if (sequel === "refund_twice") await Promise.all([this.#refund({}), this.#refund({})]);
    if (sequel === "refund_amount" && this.#paid) {
      const { amount, currency } = this.#paid.amount;
      for (const part of [1, 2]) await this.#refund({ amount: { amount: Math.ceil(amount / 3) * part, currency } });
    }
    if (sequel === "refund_ticket") await this.#refund({ ticketIds: data.slice(0, 1).map(({ id }) => id) });
  }

  async #checkIn({ eventId, code }: Ticket): Promise<void> {
    await this.#ask({
      operation: "check_in",
      method: "POST",
      path: `/events/${eventId}/check-ins`,
      body: { code, nonce: randomUUID(), deviceId: "door-1", gate: "A" },
      token: await this.#shop.token(),
    });
  }

  /** By the organizer, as the buyer wished. */
  async #refund(wish: object): Promise<void> {
    if (!this.#paid) return;
    const body = { ...wish, reason: "I cannot come" };
    await this.#write({ operation: "refund", path: `/payments/${this.#paid.id}/refund`, body, token: await this.#shop.token() });
  }
}
