/** What may become of a hold: other lines, a later end, its stock once more, its release. */
import type { Line } from "../../shared/contracts/inventory.ts";
import { agree, type Command, codeOf, command, Difference, settle } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import { agreeOnHold, deathOf, drawItems, mayBePartial, planLines, takeTold } from "./inventory-holds.ts";
import type { Model, ModelHold } from "./inventory-model.ts";
import { hasEnded, hasRoom, holderRefusal, mergeLines, saleRefusal, without } from "./inventory-rules.ts";
import { keepsOwnSeats, seeSeats, sitsAlone } from "./inventory-seats.ts";

const MAX_REACQUIRED = 3;

const pickHold = (dice: Dice, model: Model): { id: string; hold: ModelHold | undefined } => {
  const hold = dice.chance(0.04)
    ? undefined
    : dice.pickLate(model.holds.filter(({ orderId }) => orderId === null || dice.chance(0.2)));
  return { id: hold?.id ?? "nobody's", hold };
};

function unclaimedRefusal(model: Model, hold: ModelHold | undefined): string | null {
  if (hold === undefined) return "hold_not_found";
  return deathOf(model, hold) ?? (hold.orderId === null ? null : "hold_in_use");
}

/** The best seats for those whom he has some for already, and perhaps one of these by its name for somebody else. */
function nameOwnSeats(dice: Dice, model: Model, hold: ModelHold | undefined, again: Line[]): Line[] {
  const own = hold?.lines.flatMap(({ seatIds }) => seatIds) ?? [];
  if (own.length === 0 || dice.chance(0.4)) return again;
  const seatId = dice.pick(own);
  const category = model.seats.get(seatId)?.category ?? "";
  const types = model.config.ticketTypes.filter(({ seatCategories }) => seatCategories.includes(category));
  const other = types.find(({ id }) => again.every(({ ticketTypeId }) => ticketTypeId !== id)) ?? types[0];
  return other === undefined ? again : [...again, { ticketTypeId: other.id, quantity: 1, seatIds: [seatId] }];
}

/** An offer of the waiting list that has become other or more tickets than were waited for is from then on a hold like any. */
function shortenOffer({ nowMs, config }: Model, hold: ModelHold, had: ModelHold["lines"]): void {
  const isLess = hold.lines.every(({ ticketTypeId, quantity }) =>
    had.some((line) => line.ticketTypeId === ticketTypeId && line.quantity >= quantity),
  );
  if (hold.requestHash !== "offer" || isLess) return;
  hold.endMs = Math.min(hold.endMs, nowMs + config.holdMs);
  hold.capMs = Math.min(hold.capMs, nowMs + Math.max(config.holdMs, config.holdCapMs));
}

export function changeHold(dice: Dice, model: Model): Command {
  const { id, hold } = pickHold(dice, model);
  const again = hold?.lines.map(({ ticketTypeId, quantity, seatIds }) =>
    seatIds.length > 0 ? { ticketTypeId, quantity, bestAvailable: true as const } : { ticketTypeId, quantity },
  );
  const items = again !== undefined && dice.chance(0.3) ? nameOwnSeats(dice, model, hold, again) : drawItems(dice, model);
  const partial = mayBePartial(model, items) && dice.chance(0.25);
  return command(
    `changeHold ${id} ${JSON.stringify(items)}${partial ? " partial" : ""}`,
    (object) => object.changeHold(id, items, partial),
    (answer) => {
      const dead = unclaimedRefusal(model, hold);
      if (dead !== null || hold === undefined) return void settle(answer, dead);
      const lines = keepsOwnSeats(model, hold, mergeLines(items));
      const had = hold.lines;
      const [sight, plan] = without(hold, () => {
        const seen = seeSeats(model, codeOf(answer));
        return [seen, planLines(model, hold.holder, lines, partial, seen, had)] as const;
      });
      const told = settle(answer, "refusal" in plan ? plan.refusal : null);
      if (told === null || "refusal" in plan) return;
      hold.lines = takeTold(model, plan, told, hold.lines, sight);
      shortenOffer(model, hold, had);
      agreeOnHold(model, told, hold);
      model.openTiers();
    },
  );
}

export function extendHold(dice: Dice, model: Model): Command {
  const { id, hold } = pickHold(dice, model);
  return command(
    `extendHold ${id}`,
    (object) => object.extendHold(id),
    (answer) => {
      const refusal = unclaimedRefusal(model, hold) ?? (hasEnded(model) ? "event_not_on_sale" : null);
      const told = settle(answer, refusal);
      if (told === null || hold === undefined) return;
      hold.endMs = Math.min(Math.max(hold.endMs, model.nowMs + model.config.holdMs), hold.capMs);
      agreeOnHold(model, told, hold);
    },
  );
}

export function reacquireHold(dice: Dice, model: Model): Command {
  const expired = model.holds.filter((hold) => hold.orderId === null && deathOf(model, hold) === "hold_expired");
  const hold = dice.chance(0.7) ? dice.pickLate(expired) : pickHold(dice, model).hold;
  const id = hold?.id ?? "nobody's";
  return command(
    `reacquireHold ${id}`,
    (object) => object.reacquireHold(id),
    (answer) => {
      if (hold === undefined) return void settle(answer, "hold_not_found");
      if (hold.orderId !== null) return void settle(answer, "hold_in_use");
      if (model.isLive(hold)) {
        const told = settle(answer, null);
        if (told !== null) agreeOnHold(model, told, hold);
        return;
      }
      const told = settle(answer, reacquireRefusal(model, hold));
      if (told === null) return;
      const before = hold.lines;
      hold.lines = before.map((line) => ({ ...line, unitPriceMinor: model.type(line.ticketTypeId)?.unitPriceMinor ?? -1 }));
      const repriced = hold.lines.flatMap(({ ticketTypeId, unitPriceMinor }, index) => {
        const fromMinor = before[index]?.unitPriceMinor;
        return fromMinor === unitPriceMinor ? [] : [{ ticketTypeId, fromMinor, toMinor: unitPriceMinor }];
      });
      agree(`what of ${id} costs something else`, told.repriced ?? [], repriced);
      hold.state = "held";
      hold.endMs = model.nowMs + model.config.holdMs;
      hold.capMs = Math.max(hold.endMs, model.nowMs + model.config.holdCapMs);
      hold.reacquired += 1;
      agreeOnHold(model, told, hold);
      model.openTiers();
    },
  );
}

function reacquireRefusal(model: Model, hold: ModelHold): string | null {
  if (hold.state === "released") return "hold_released";
  if (hold.reacquired >= MAX_REACQUIRED) return "hold_expired";
  const lines = hold.lines.map(({ ticketTypeId, quantity, seatIds }) =>
    seatIds.length > 0 ? { ticketTypeId, quantity, seatIds } : { ticketTypeId, quantity },
  );
  return (
    saleRefusal(model, lines) ??
    holderRefusal(model, hold.holder, lines) ??
    (sitsAlone(model, hold) ? "seat_for_companion" : takeAgainRefusal(model, hold))
  );
}

/** The same tickets and seats once more. */
export function takeAgainRefusal(model: Model, hold: ModelHold): "sold_out" | null {
  if (sitsAlone(model, hold)) return "sold_out";
  const { lines } = hold;
  const taken = model.takenSeats();
  const areFree = lines.every(({ seatIds }) => seatIds.every((id) => model.seats.has(id) && !taken.has(id)));
  return areFree && hasRoom(model, lines) ? null : "sold_out";
}

export function releaseHold(dice: Dice, model: Model): Command {
  const { id, hold } = pickHold(dice, model);
  return command(
    `releaseHold ${id}`,
    (object) => object.releaseHold(id),
    (answer) => {
      settle(answer, hold === undefined ? "hold_not_found" : hold.orderId === null ? null : "hold_in_use");
      if (hold !== undefined && hold.orderId === null && model.isLive(hold)) hold.state = "released";
    },
  );
}

export function readHold(dice: Dice, model: Model): Command {
  const { id, hold } = pickHold(dice, model);
  return command(
    `hold ${id}`,
    (object) => object.hold(id),
    (answer) => {
      const told = settle(answer, hold === undefined ? "hold_not_found" : deathOf(model, hold));
      if (told !== null && hold !== undefined) agreeOnHold(model, told, hold);
      if (!answer.ok && hold !== undefined && "holder" in answer.error) agree("whose it was", answer.error.holder, hold.holder);
      if (!answer.ok && hold !== undefined && !("holder" in answer.error)) throw new Difference(`${id} does not name its holder`);
    },
    { isReading: true },
  );
}
