/** Which command comes next, and the questions that change nothing. */
import { type Atlas, blockSeats, close, layMap, releaseSeats, setBrokenTerms, setTerms, swapSeats } from "./inventory-changes.ts";
import { agree, type Command, command, settle } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import * as changes from "./inventory-hold-changes.ts";
import * as holds from "./inventory-holds.ts";
import type { Model } from "./inventory-model.ts";
import * as orders from "./inventory-orders.ts";
import { windowOf } from "./inventory-rules.ts";
import * as tickets from "./inventory-tickets.ts";
import * as waiting from "./inventory-waiting.ts";

/** `isTogether`: with others, so that nothing is read that a later one may have changed. */
export function drawCommand(dice: Dice, model: Model, atlas: Atlas, number: number, isTogether = false): Command {
  const seated = model.map === null ? 0 : 1;
  const alone = isTogether ? 0 : 1;
  const waits = model.isCalm ? 1 : 0;
  return dice.weigh<() => Command>([
    [24, () => holds.placeHold(dice, model, number)],
    [8, () => changes.changeHold(dice, model)],
    [3, () => changes.extendHold(dice, model)],
    [4, () => changes.reacquireHold(dice, model)],
    [4, () => changes.releaseHold(dice, model)],
    [3 * alone, () => changes.readHold(dice, model)],
    [14, () => orders.claim(dice, model, number)],
    [5, () => orders.extend(dice, model)],
    [12, () => orders.confirm(dice, model)],
    [1 * alone, () => orders.confirmMany(dice, model)],
    [5, () => orders.release(dice, model)],
    [1, () => orders.releaseMany(dice, model)],
    [5, () => tickets.voidTickets(dice, model)],
    [1, () => tickets.voidMany(dice, model)],
    [4, () => tickets.checkIn(dice, model)],
    [2 * alone, () => tickets.readTickets(dice, model)],
    [6, () => setTerms(dice, model, atlas)],
    [1.5 * (atlas.maps.size > 0 ? 1 : 0), () => layMap(dice, model, atlas)],
    [0.05, () => close(model, "completed")],
    [0.04, () => close(model, "cancelled")],
    [3 * seated, () => blockSeats(dice, model)],
    [3 * seated, () => releaseSeats(dice, model)],
    [4 * seated, () => swapSeats(dice, model)],
    [0.7, () => listen(dice, model)],
    [9 * waits, () => waiting.joinWaitlist(dice, model, number)],
    [4 * waits, () => waiting.acceptOffer(dice, model)],
    [2 * waits, () => waiting.declineOffer(dice, model)],
    [1 * waits, () => waiting.leaveWaitlist(dice, model)],
    [1 * waits * alone, () => waiting.readEntry(dice, model)],
  ])();
}

export const drawBroken = (dice: Dice, model: Model, number: number): Command =>
  dice.weigh<() => Command>([
    [2, () => setBrokenTerms(model)],
    [2, () => holds.placeBrokenHold(model, number)],
    [3, () => orders.confirmBroken(dice, model)],
  ])();

function listen(dice: Dice, model: Model): Command {
  const shard = dice.below(2);
  return command(
    `listen ${shard}`,
    (object) => object.listen(shard),
    (answer) => {
      const told = settle(answer, null);
      if (told !== null) model.heard.set(shard, told.news);
    },
  );
}

/** Everything that may be asked by everybody. */
export function drawReading(_dice: Dice, model: Model): Command {
  return command(
    "availability pools seatStates",
    async (object) => ({
      availability: await object.availability(),
      pools: await object.pools(),
      seats: await object.seatStates(),
    }),
    ({ availability, pools, seats }) => {
      const left = model.available();
      agree(
        "what is left",
        settle(availability, null)?.ticketTypes.map((type) => [type.ticketTypeId, type.available, type.status]),
        model.config.ticketTypes.map((type) => {
          const available = left.get(type.id) ?? 0;
          const window = windowOf(model, type);
          return [type.id, available, window === "on_sale" && available === 0 ? "sold_out" : window];
        }),
      );
      const counts = model.pools();
      for (const pool of settle(pools, null) ?? []) {
        if (pool.id.startsWith("seats:")) continue;
        const count = counts.get(pool.id);
        if (count === undefined) throw new Error(`there is a pool ${pool.id}`);
        agree(
          `pool ${pool.id}`,
          [pool.capacity, pool.sold, pool.held, pool.blocked, pool.available],
          [count.capacity, count.sold, count.held, count.blocked, count.capacity - count.sold - count.held - count.blocked],
        );
      }
      const taken = model.takenSeats();
      agree(
        "the seats",
        settle(seats, null)?.states ?? null,
        model.map?.segments.map((segment) => segment.seats.map(({ id }) => taken.get(id) ?? "f").join("")) ?? null,
      );
    },
    { isReading: true },
  );
}
