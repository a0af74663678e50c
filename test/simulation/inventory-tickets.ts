/** The doors of tickets: made void, let in, read. */
import { agree, type Command, command, settle } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import type { Model, ModelTicket } from "./inventory-model.ts";
import { agreeOnTickets, pickOrder } from "./inventory-orders.ts";
import { takeTurns } from "./inventory-waiting.ts";

export function voidTickets(dice: Dice, model: Model): Command {
  const { orderId } = pickOrder(dice, model, (hold) => hold.state === "confirmed");
  const own = model.ticketsOf(orderId);
  const some = dice.some(own, 0.5).map(({ id }) => id);
  const ticketIds = dice.chance(0.5) ? null : dice.chance(0.1) ? [...some, "another's"] : some;
  return command(
    `voidTickets ${orderId} ${ticketIds}`,
    (object) => object.voidTickets(orderId, ticketIds),
    (answer) => {
      const isWrong = model.holdOfOrder(orderId) === undefined || (ticketIds?.includes("another's") ?? false);
      const told = settle(answer, isWrong ? "order_not_found" : null);
      if (told === null) return;
      const asked = model.ticketsOf(orderId).filter(({ id }) => ticketIds === null || ticketIds.includes(id));
      makeVoid(model, asked);
      agreeOnTickets(told, asked);
    },
  );
}

export function voidMany(dice: Dice, model: Model): Command {
  const orderIds = [pickOrder(dice, model).orderId, pickOrder(dice, model).orderId];
  return command(
    `voidMany ${orderIds}`,
    (object) => object.voidMany(orderIds),
    (answers) => {
      for (const [index, orderId] of orderIds.entries()) {
        const tickets = model.ticketsOf(orderId);
        const answer = answers[index];
        if (answer === undefined) throw new Error("an answer is missing");
        const told = settle(answer, model.holdOfOrder(orderId) === undefined ? "order_not_found" : null);
        if (told === null) continue;
        agree(
          "void tickets",
          told,
          tickets.map(({ id }) => id),
        );
        makeVoid(model, tickets);
        // Each by itself, and what it gives back is the next one's in line.
        takeTurns(model);
      }
    },
  );
}

function makeVoid(model: Model, tickets: readonly ModelTicket[]): void {
  for (const ticket of tickets) {
    if (ticket.status !== "valid") continue;
    ticket.status = "void";
    ticket.keepsPlace = model.state === "cancelled";
  }
}

export function checkIn(dice: Dice, model: Model): Command {
  const ticket = dice.chance(0.05) ? undefined : dice.pickLate(model.tickets);
  const request = {
    ticketId: ticket?.id ?? "no ticket",
    ticketVersion: dice.chance(0.05) ? 2 : 1,
    codeHash: `code of ${ticket?.id}`,
    nonce: `nonce ${dice.below(60)}`,
    deviceId: `gate ${dice.below(2)}`,
    gate: "North",
    scannedAtMs: null,
  };
  return command(
    `checkIn ${JSON.stringify(request)}`,
    (object) => object.checkIn(request),
    (answer) => {
      const name = `${request.deviceId} ${request.nonce}`;
      const scan = model.scans.get(name);
      if (scan !== undefined && scan.codeHash !== request.codeHash) return void settle(answer, "nonce_reused");
      const scanned = scan?.ticketId ?? request.ticketId;
      const known = model.tickets.find(({ id }) => id === scanned);
      if (known === undefined) return void settle(answer, "ticket_unknown");
      const outcome = scan?.outcome ?? doorAnswer(known);
      if (scan === undefined) {
        model.scans.set(name, { codeHash: request.codeHash, ticketId: known.id, outcome });
        if (outcome === "ok") known.status = "admitted";
      }
      settle(answer, outcome === "ok" ? null : outcome);
    },
    { keepsRefusal: true },
  );

  function doorAnswer({ status }: ModelTicket): string {
    if (request.ticketVersion !== 1 || model.state === "cancelled" || status === "void") return "ticket_void";
    return status === "admitted" ? "already_admitted" : "ok";
  }
}

export function readTickets(dice: Dice, model: Model): Command {
  const { orderId } = pickOrder(dice, model);
  return command(
    `ticketsOf ${orderId}`,
    async (object) => ({ tickets: await object.ticketsOf(orderId), hasPaid: await object.hasPaidTickets() }),
    ({ tickets, hasPaid }) => {
      agreeOnTickets(settle(tickets, null) ?? [], model.ticketsOf(orderId));
      const isPaid = (ticket: ModelTicket) =>
        ticket.status === "valid" &&
        (model.holdOfOrder(ticket.orderId)?.lines.some(({ unitPriceMinor }) => unitPriceMinor > 0) ?? false);
      agree("whether somebody has paid", settle(hasPaid, null), model.tickets.some(isPaid));
    },
    { isReading: true },
  );
}
