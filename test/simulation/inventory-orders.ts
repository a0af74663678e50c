/** The doors of orders and their tickets. */
import type { IssuedTicket } from "../../shared/contracts/inventory.ts";
import { agree, type Command, codeOf, command, settle } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import { takeAgainRefusal } from "./inventory-hold-changes.ts";
import { agreeOnHold, deathOf, drawHolder, drawItems, takeNew } from "./inventory-holds.ts";
import type { Model, ModelHold, ModelTicket } from "./inventory-model.ts";
import { personRefusal } from "./inventory-rules.ts";
import { sitsAlone } from "./inventory-seats.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./inventory-terms.ts";
import { takeTurns } from "./inventory-waiting.ts";

const MAX_ORDER_MS = 7 * DAY_MS;
const MAX_REACQUIRED = 3;
const EXPIRED = "expired";

const PERSONS = ["ada", "bea", null];
const CARDS = ["visa", "giro", undefined];
const BUYER = { name: "Ada", email: "ada@bilten.example" };

/** Messages name orders, by ids that are UUIDs (RFC 9562). */
const orderOf = (number: number): string => `0198c0de-0000-7000-8000-${String(number).padStart(12, "0")}`;

interface Picked {
  orderId: string;
  hold: ModelHold | undefined;
}

export function pickOrder(dice: Dice, model: Model, wanted: (hold: ModelHold) => boolean = () => true): Picked {
  const orders = model.holds.filter((hold) => hold.orderId !== null && (wanted(hold) || dice.chance(0.2)));
  const hold = dice.chance(0.03) ? undefined : dice.pickLate(orders);
  return { orderId: hold?.orderId ?? "no order", hold };
}

const isFinal = (hold: ModelHold): boolean =>
  hold.state === "confirmed" || (hold.releasedFor !== null && hold.releasedFor !== EXPIRED);

export function claim(dice: Dice, model: Model, number: number): Command {
  const again = dice.chance(0.12) ? dice.pickLate(model.holds.filter(({ orderId }) => orderId !== null)) : undefined;
  const free = model.holds.filter((hold) => hold.orderId === null && (model.isLive(hold) || dice.chance(0.1)));
  const hold = again ?? (dice.chance(0.6) ? dice.pickLate(free) : undefined);
  const withItems = hold === undefined || dice.chance(0.1);
  const request = {
    orderId: again !== undefined && dice.chance(0.8) ? (again.orderId ?? "") : orderOf(number),
    holdId: hold === undefined || dice.chance(0.03) ? `hold ${number}` : hold.id,
    requestHash: dice.chance(0.05) ? "other" : (hold?.requestHash ?? "first"),
    holder: hold?.holder ?? drawHolder(dice),
    insider: dice.chance(0.3),
    items: withItems && !dice.chance(0.03) ? drawItems(dice, model) : null,
    personKey: dice.pick(PERSONS),
    // Of addresses that were only named fewer count; the runtime tests have those.
    isPersonVerified: true,
  };
  return command(
    `claim ${JSON.stringify(request)}`,
    (object) => object.claim(request),
    (answer) => {
      const { orderId, holdId, items, personKey } = request;
      const bound = model.holdOfOrder(orderId);
      if (bound !== undefined && bound.id !== holdId) return void settle(answer, "idempotency_key_reused");
      const earlier = bound ?? model.hold(holdId);
      const bind = (claimed: ModelHold) => {
        claimed.orderId = orderId;
        claimed.personKey = personKey;
        claimed.capMs = Math.max(claimed.endMs, model.nowMs + MAX_ORDER_MS);
      };
      if (earlier === undefined) {
        if (items === null) return void settle(answer, "hold_not_found");
        if (!model.config.isPublic && !request.insider) return void settle(answer, "event_not_found");
        const limit = (lines: ModelHold) => personRefusal(model, "personKey", personKey, lines);
        takeNew(model, { ...request, id: holdId, items }, answer, limit, bind);
        return;
      }
      const told = settle(answer, claimRefusal(model, earlier, request));
      if (told === null) return;
      if (earlier.orderId === null) bind(earlier);
      agreeOnHold(model, told, earlier);
    },
  );

  function claimRefusal(
    now: Model,
    earlier: ModelHold,
    {
      orderId,
      items,
      requestHash,
      personKey,
    }: { orderId: string; items: unknown; requestHash: string; personKey: string | null },
  ): string | null {
    if (items !== null && earlier.requestHash !== requestHash) return "idempotency_key_reused";
    if (earlier.orderId === orderId) return deathOf(now, earlier);
    if (earlier.orderId !== null) return "hold_in_use";
    const death = deathOf(now, earlier);
    if (death !== null) return death;
    if (now.state === "open" && sitsAlone(now, earlier)) return "seat_for_companion";
    return now.state === "open" ? personRefusal(now, "personKey", personKey, earlier) : "event_not_on_sale";
  }
}

export function extend(dice: Dice, model: Model): Command {
  const { orderId, hold } = pickOrder(dice, model, (some) => some.state !== "confirmed");
  const untilMs = model.nowMs + dice.pick([-MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, DAY_MS, 30 * DAY_MS]);
  return command(
    `extend ${orderId} ${untilMs}`,
    (object) => object.extend(orderId, untilMs),
    (answer) => {
      if (hold === undefined) return void settle(answer, "order_not_found");
      if (isFinal(hold) || model.state !== "open") return void settle(answer, "state_moved");
      const atMostMs = Math.min(untilMs, model.config.endMs, hold.capMs);
      if (model.isLive(hold)) {
        if (sitsAlone(model, hold)) return void settle(answer, "sold_out");
        hold.endMs = Math.max(hold.endMs, atMostMs);
        agree("the end", settle(answer, null)?.expiresAtMs, hold.endMs);
        return;
      }
      const isOver = atMostMs <= model.nowMs || hold.reacquired >= MAX_REACQUIRED;
      const refusal = isOver
        ? "hold_expired"
        : (personRefusal(model, "personKey", hold.personKey, hold) ?? takeAgainRefusal(model, hold));
      const told = settle(answer, refusal);
      if (told === null) return;
      Object.assign(hold, { state: "held", endMs: atMostMs, reacquired: hold.reacquired + 1, releasedFor: null });
      agree("the end", told.expiresAtMs, hold.endMs);
      model.openTiers();
    },
  );
}

export function confirm(dice: Dice, model: Model): Command {
  const { orderId, hold } = pickOrder(dice, model, (some) => some.state !== "confirmed");
  const card = dice.pick(CARDS);
  const request = {
    eventId: model.config.eventId,
    orderId,
    buyer: BUYER,
    attendees: [],
    ...(card === undefined ? {} : { fingerprintKey: card }),
  };
  return command(
    `confirm ${orderId} ${card}`,
    (object) => object.confirm(request),
    (answer) => {
      const tickets = settle(answer, confirmRefusal(model, hold, card ?? null));
      if (tickets === null || hold === undefined) return;
      if (hold.state === "confirmed") agreeOnTickets(tickets, model.ticketsOf(orderId));
      else sell(model, hold, card ?? null, tickets);
    },
  );
}

/** The tickets stand, and are not told here. */
export function confirmMany(dice: Dice, model: Model): Command {
  const orderIds = Array.from({ length: dice.between(1, 3) }, () => pickOrder(dice, model).orderId);
  const requests = orderIds.map((orderId) => ({ eventId: model.config.eventId, orderId, buyer: BUYER, attendees: [] }));
  return command(
    `confirmMany ${orderIds}`,
    async (object) => {
      const answers = await object.confirmMany(requests);
      const tickets = await Promise.all(orderIds.map((orderId) => object.ticketsOf(orderId)));
      return { answers, tickets };
    },
    ({ answers, tickets }) => {
      agree("answers", answers.length, orderIds.length);
      for (const [index, orderId] of orderIds.entries()) {
        const hold = model.holdOfOrder(orderId);
        const answer = answers[index];
        const issued = tickets[index];
        if (answer === undefined || issued === undefined) continue;
        agree(`confirmed ${orderId}`, codeOf(answer), confirmRefusal(model, hold, null) ?? "ok");
        if (answer.ok && hold !== undefined && hold.state !== "confirmed") sell(model, hold, null, settle(issued, null) ?? []);
      }
    },
  );
}

/** Nobody can be named so: the database refuses it when everything else is written. */
export function confirmBroken(dice: Dice, model: Model): Command {
  const open = model.holds.filter((hold) => hold.orderId !== null && model.isLive(hold));
  const orderId = dice.pickLate(open)?.orderId ?? "no order";
  const nobody = { name: null, email: null } as unknown as typeof BUYER;
  const request = { eventId: model.config.eventId, orderId, buyer: nobody, attendees: [] };
  return command(
    `confirm ${orderId} for nobody`,
    (object) => object.confirm(request),
    (answer) => void settle(answer, confirmRefusal(model, model.holdOfOrder(orderId), null)),
    { mayThrow: true },
  );
}

function confirmRefusal(model: Model, hold: ModelHold | undefined, card: string | null): string | null {
  if (hold === undefined) return "order_not_found";
  if (hold.state === "confirmed") return null;
  if (isFinal(hold) || model.state !== "open") return "state_moved";
  const limit = personRefusal(model, "fingerprintKey", card, hold);
  if (limit !== null) return limit;
  if (model.isLive(hold)) return sitsAlone(model, hold) ? "sold_out" : null;
  if (model.nowMs >= model.config.endMs) return "state_moved";
  return personRefusal(model, "personKey", hold.personKey, hold) ?? takeAgainRefusal(model, hold);
}

function sell(model: Model, hold: ModelHold, card: string | null, tickets: readonly IssuedTicket[]): void {
  const orderId = hold.orderId ?? "";
  const units = hold.lines.flatMap(({ ticketTypeId, quantity, unitPriceMinor, seatIds }) =>
    Array.from({ length: quantity }, (_, unit) => ({ ticketTypeId, unitPriceMinor, seatId: seatIds[unit] ?? null })),
  );
  const sold = units.map(
    (unit, index): ModelTicket => ({ ...unit, id: tickets[index]?.id ?? "", orderId, status: "valid", keepsPlace: false }),
  );
  agreeOnTickets(tickets, sold);
  const wasLive = model.isLive(hold);
  hold.state = "confirmed";
  hold.fingerprintKey = card;
  hold.releasedFor = null;
  model.tickets.push(...sold);
  // Whoever turns his hold into tickets takes nothing more.
  if (!wasLive) model.openTiers();
}

export function agreeOnTickets(told: readonly IssuedTicket[], tickets: readonly ModelTicket[]): void {
  agree(
    "the tickets",
    told.map((ticket) => [ticket.id, ticket.orderId, ticket.ticketTypeId, ticket.status, ticket.seat?.id ?? null]),
    tickets.map((ticket) => [ticket.id, ticket.orderId, ticket.ticketTypeId, ticket.status, ticket.seatId]),
  );
}

export function release(dice: Dice, model: Model): Command {
  const { orderId, hold } = pickOrder(dice, model);
  const reason = dice.pick([EXPIRED, EXPIRED, "cancelled"]);
  return command(
    `release ${orderId} ${reason}`,
    (object) => object.release(orderId, reason),
    (answer) =>
      agree(`released ${orderId}`, answer.ok ? answer.value.outcome : answer.error.code, releaseOrder(model, hold, reason)),
  );
}

export function releaseMany(dice: Dice, model: Model): Command {
  const orderIds = Array.from({ length: dice.between(1, 3) }, () => pickOrder(dice, model).orderId);
  return command(
    `releaseMany ${orderIds}`,
    (object) => object.releaseMany(orderIds, EXPIRED),
    (answers) =>
      agree(
        "released",
        answers.map((answer) => (answer.ok ? answer.value.outcome : answer.error.code)),
        orderIds.map((orderId) => {
          const outcome = releaseOrder(model, model.holdOfOrder(orderId), EXPIRED);
          takeTurns(model);
          return outcome;
        }),
      ),
  );
}

function releaseOrder(model: Model, hold: ModelHold | undefined, reason: string): string {
  if (hold === undefined) return "order_not_found";
  if (hold.state === "confirmed") return "confirmed";
  if (isFinal(hold)) return "released";
  const isLive = model.isLive(hold);
  if (reason === EXPIRED && isLive) return "open";
  if (hold.state === "held") hold.state = isLive ? "released" : "expired";
  hold.releasedFor = reason;
  return "released";
}
