/** The doors of holds: placed, changed, extended, taken again, released, read. */
import type { HeldStock, Holder, HoldRequest, Line, RefusedLine } from "../../shared/contracts/inventory.ts";
import type { Refusal } from "../../shared/contracts/problems.ts";
import type { Result } from "../../shared/contracts/result.ts";
import { agree, type Command, codeOf, command, settle } from "./inventory-command.ts";
import type { Dice } from "./inventory-dice.ts";
import type { Model, ModelHold, ModelLine } from "./inventory-model.ts";
import { hasRoom, holderRefusal, mergeLines, saleRefusal, windowOf } from "./inventory-rules.ts";
import { partiesOf } from "./inventory-seating.ts";
import { askForSeats, fitLine, judgeSeats, lonelyAmong, type Sight, seatRefusal, seeSeats } from "./inventory-seats.ts";
import { DAY_MS } from "./inventory-terms.ts";

/** Refusals that a key hears again for a day. */
const FORGOTTEN = ["event_not_found", "ticket_type_not_found", "hold_expired", "hold_released", "idempotency_key_reused"];

export const drawHolder = (dice: Dice): Holder => {
  const kind = dice.pick(["user", "user", "address", "buyer"] as const);
  return { kind, key: `${kind} ${dice.below(kind === "address" ? 2 : 4)}` };
};

export function drawItems(dice: Dice, model: Model): Line[] {
  const ids = model.config.ticketTypes.map(({ id }) => id);
  const count = dice.weigh([
    [6, 1],
    [3, 2],
    [1, 3],
  ]);
  return Array.from({ length: count }, () => {
    const ticketTypeId = dice.chance(0.02) ? "unknown" : dice.pick(ids);
    const quantity = dice.weigh([
      [8, dice.between(1, 3)],
      [2, dice.between(1, 6)],
      [0.3, dice.pick([0, 21])],
    ]);
    return askForSeats(dice, model, { ticketTypeId, quantity });
  });
}

/**
 * How many of a party can sit where some need an accessible seat depends on which of those the object takes, and so does what it leaves
 * of categories that parties of other wishes share.
 */
export function mayBePartial(model: Model, items: readonly Line[]): boolean {
  const parties = partiesOf(model, mergeLines(items));
  return parties.every(
    ({ accessible, categories }, index) =>
      accessible === 0 && parties.slice(0, index).every((other) => !other.categories.some((id) => categories.includes(id))),
  );
}

export function placeHold(dice: Dice, model: Model, number: number): Command {
  const known = dice.chance(0.12) ? dice.pickLate(model.holds) : undefined;
  const keyed = dice.chance(0.35);
  const keptId = keyed && dice.chance(0.3) ? dice.pickLate([...model.kept.keys()]) : undefined;
  const items = drawItems(dice, model);
  const request: HoldRequest = {
    holdId: known?.id ?? keptId ?? `hold ${number}`,
    keyed,
    requestHash: dice.chance(0.05) ? "other" : (known?.requestHash ?? "first"),
    holder: known?.holder ?? drawHolder(dice),
    items,
    insider: dice.chance(0.2),
    ...(mayBePartial(model, items) && dice.chance(0.25) ? { partial: true } : {}),
  };
  return command(
    `placeHold ${JSON.stringify(request)}`,
    (object) => object.placeHold(request),
    (answer) => judgePlaced(model, request, answer),
    { keepsRefusal: keyed },
  );
}

/** A hold that its table refuses. */
export const placeBrokenHold = (model: Model, number: number): Command => {
  const [type] = model.config.ticketTypes;
  const holder = { kind: "nobody", key: "x" } as unknown as Holder;
  const items = [{ ticketTypeId: type?.id ?? "", quantity: type?.minPerOrder ?? 1 }];
  const request: HoldRequest = { holdId: `broken ${number}`, keyed: false, requestHash: "", holder, items, insider: true };
  return command(
    `placeHold ${JSON.stringify(request)}`,
    (object) => object.placeHold(request),
    (answer) => agree("a hold of nobody", answer.ok, false),
    { mayThrow: true },
  );
};

type Answer = Result<HeldStock, Refusal>;

function judgePlaced(model: Model, request: HoldRequest, answer: Answer): void {
  const kept = request.keyed ? model.kept.get(request.holdId) : undefined;
  if (kept !== undefined && kept.untilMs > model.nowMs && (model.config.isPublic || request.insider))
    return void settle(answer, kept.requestHash === request.requestHash ? kept.code : "idempotency_key_reused");
  judgeFirst(model, request, answer);
  const code = codeOf(answer);
  if (request.keyed && code !== "ok" && !FORGOTTEN.includes(code))
    model.kept.set(request.holdId, { requestHash: request.requestHash, code, untilMs: model.nowMs + DAY_MS });
}

function judgeFirst(model: Model, request: HoldRequest, answer: Answer): void {
  if (!model.config.isPublic && !request.insider) return void settle(answer, "event_not_found");
  const earlier = model.hold(request.holdId);
  if (earlier !== undefined) {
    const refusal = earlier.requestHash !== request.requestHash ? "idempotency_key_reused" : deathOf(model, earlier);
    const told = settle(answer, refusal);
    if (told !== null) agreeOnHold(model, told, earlier);
    return;
  }
  takeNew(model, { ...request, id: request.holdId }, answer);
}

/** For a claim too, which may place its hold. */
export function takeNew(
  model: Model,
  request: Pick<HoldRequest, "requestHash" | "holder" | "items" | "partial"> & { id: string },
  answer: Answer,
  refusalAfter: (hold: ModelHold) => string | null = () => null,
  bind: (hold: ModelHold) => void = () => undefined,
): void {
  const { id, requestHash, holder } = request;
  const lines = mergeLines(request.items);
  const endMs = model.nowMs + model.config.holdMs;
  const hold: ModelHold = {
    id,
    requestHash,
    holder,
    state: "held",
    orderId: null,
    endMs,
    capMs: Math.max(endMs, model.nowMs + model.config.holdCapMs),
    reacquired: 0,
    lines: [],
    personKey: null,
    fingerprintKey: null,
    releasedFor: null,
  };
  const sight = seeSeats(model, codeOf(answer));
  const plan = planLines(model, holder, lines, request.partial ?? false, sight);
  const asked =
    "refusal" in plan ? [] : plan.lines.map((line) => ({ ...toModelLine(model, line, []), asked: line.asked ?? null }));
  const refusal = "refusal" in plan ? plan.refusal : refusalAfter({ ...hold, lines: asked });
  const told = settle(answer, refusal);
  if (told === null || "refusal" in plan) return;
  hold.lines = takeTold(model, plan, told, [], sight);
  bind(hold);
  model.holds.push(hold);
  agreeOnHold(model, told, hold);
  model.openTiers();
}

interface Plan {
  lines: (Line & { asked?: number })[];
  refused: RefusedLine[];
}

/** What the hold is to get, or why not. */
export function planLines(
  model: Model,
  holder: Holder,
  lines: readonly Line[],
  partial: boolean,
  sight: Sight,
  had: readonly ModelLine[] = [],
): Plan | { refusal: string } {
  const refusal = saleRefusal(model, lines, had, partial);
  if (refusal !== null) return { refusal };
  const plan: Plan = partial ? fitLines(model, holder, lines, sight, had) : { lines: [...lines], refused: [] };
  if (plan.lines.length === 0) {
    const why = ["sold_out", "seat_for_companion"].find((code) => plan.refused.some((line) => line.code === code));
    return { refusal: why ?? "ticket_type_not_on_sale" };
  }
  const limit = holderRefusal(model, holder, plan.lines);
  if (limit !== null) return { refusal: limit };
  if (!hasRoom(model, plan.lines, had)) return { refusal: "sold_out" };
  const seats = seatRefusal(model, holder, plan.lines, sight);
  return seats === null ? plan : { refusal: seats };
}

/** As often as somebody would come along with nobody the lines are fitted once more without his seat. */
function fitLines(model: Model, holder: Holder, lines: readonly Line[], sight: Sight, had: readonly ModelLine[]): Plan {
  const lonely = new Set<string>();
  for (;;) {
    const plan = fitWithout(model, lines, sight, had, lonely);
    const more = lonelyAmong(
      model,
      holder,
      plan.lines.flatMap(({ seatIds = [] }) => seatIds),
    );
    if (more.length === 0) return plan;
    for (const id of more) lonely.add(id);
  }
}

/** Each line as much as there is, in the order asked. */
function fitWithout(
  model: Model,
  lines: readonly Line[],
  sight: Sight,
  had: readonly ModelLine[],
  lonely: ReadonlySet<string>,
): Plan {
  const plan: Plan = { lines: [], refused: [] };
  for (const line of lines) {
    const { ticketTypeId, quantity: asked } = line;
    const type = model.type(ticketTypeId);
    const isOnSale = type !== undefined && windowOf(model, type) === "on_sale";
    const own = had.find((earlier) => earlier.ticketTypeId === ticketTypeId)?.quantity ?? 0;
    let fit: Line = isOnSale ? line : { ...line, quantity: Math.min(asked, own) };
    while (fit.quantity > 0 && !hasRoom(model, [...plan.lines, fit], had)) fit = { ...fit, quantity: fit.quantity - 1 };
    fit = fitLine(model, line, fit.quantity, plan.lines, sight, lonely);
    const missing = line.seatIds?.some((id) => lonely.has(id)) ? "seat_for_companion" : "sold_out";
    if (fit.quantity < (type?.minPerOrder ?? 1))
      plan.refused.push({ ticketTypeId, asked, code: isOnSale ? missing : "ticket_type_not_on_sale" });
    else plan.lines.push(fit.quantity < asked ? { ...fit, asked } : fit);
  }
  return plan;
}

const toModelLine = (model: Model, { ticketTypeId, quantity }: Line, had: readonly ModelLine[]): ModelLine => {
  const price = had.find((line) => line.ticketTypeId === ticketTypeId)?.unitPriceMinor;
  return {
    ticketTypeId,
    quantity,
    unitPriceMinor: price ?? model.type(ticketTypeId)?.unitPriceMinor ?? -1,
    asked: null,
    seatIds: [],
  };
};

/** The planned lines with the seats that the object gave, which must be such as the rules allow. */
export function takeTold(model: Model, plan: Plan, told: HeldStock, had: readonly ModelLine[], sight: Sight): ModelLine[] {
  agree("lines that got nothing", told.refused ?? [], plan.refused);
  judgeSeats(model, plan.lines, told.lines, sight);
  return plan.lines.map((line, index) => ({
    ...toModelLine(model, line, had),
    asked: line.asked ?? null,
    seatIds: (told.lines[index]?.seats ?? []).map(({ id }) => id),
  }));
}

export const deathOf = (model: Model, hold: ModelHold): string | null => {
  if (hold.state === "confirmed" || model.isLive(hold)) return null;
  return hold.state === "released" ? "hold_released" : "hold_expired";
};

export function agreeOnHold(model: Model, told: HeldStock, hold: ModelHold): void {
  agree(
    `hold ${hold.id}`,
    [told.holdId, told.holder, told.orderId, told.expiresAtMs, told.extendableUntilMs, told.eventId],
    [hold.id, hold.holder, hold.orderId, hold.endMs, hold.capMs, model.config.eventId],
  );
  agree(
    `the lines of ${hold.id}`,
    told.lines.map((line) => [
      line.ticketTypeId,
      line.quantity,
      line.unitPriceMinor,
      line.asked ?? null,
      (line.seats ?? []).map(({ id }) => id),
    ]),
    hold.lines.map((line) => [line.ticketTypeId, line.quantity, line.unitPriceMinor, line.asked, line.seatIds]),
  );
}
