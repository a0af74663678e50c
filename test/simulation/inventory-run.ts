/** One sequence from its beginning to its end: the object is asked, the model judges, and the tables are looked at after each step. */
import type { TicketInventory } from "../../durable-objects/ticket-inventory/index.ts";
import type { CompiledSeatMap } from "../../shared/contracts/seats.ts";
import type { Atlas } from "./inventory-changes.ts";
import { agree, type Command, Difference } from "./inventory-command.ts";
import { Dice } from "./inventory-dice.ts";
import { checkAlarm, checkEverything, checkPools, checkSeats, isLagging } from "./inventory-invariants.ts";
import { Model } from "./inventory-model.ts";
import { Outside } from "./inventory-outside.ts";
import { drawBroken, drawCommand, drawReading } from "./inventory-steps.ts";
import { type Ground, takeBack } from "./inventory-storage.ts";
import { calm, drawTerms, HOUR_MS, MINUTE_MS, type Seating } from "./inventory-terms.ts";
import { agreeOnList, takeTurns } from "./inventory-waiting.ts";

const START_MS = Date.UTC(2027, 2, 2, 12);
const EVERYTHING_EVERY = 25;
/** Alarms until everything that was due is told. */
const LAST_ALARMS = 400;

/**
 * `evicted`: constructed anew over the same storage between commands. `batched`: commands that come together, some of which throw.
 * `lagging`: the object ends one due hold at a time, as if there were more than it can end at once.
 */
export type Manner = "plain" | "evicted" | "batched" | "lagging";

export interface World {
  ground: Ground;
  manner: Manner;
  maps: ReadonlyMap<string, CompiledSeatMap>;
  seating: Seating;
  /** How often each answer was given, by command. */
  answers: Map<string, number>;
}

export class Run {
  readonly trace: string[] = [];
  readonly #world: World;
  readonly #atlas: Atlas;
  readonly #outside: Outside;
  #object: TicketInventory;
  #model: Model;
  #number = 0;

  private constructor(world: World, first: Dice) {
    this.#world = world;
    this.#atlas = { maps: world.maps, laid: new Set() };
    const era = { nowMs: START_MS, seating: world.seating, seatMapIds: world.maps.size === 0 ? [null] : [...world.maps.keys()] };
    const isCalm = world.maps.size === 0 && world.manner !== "lagging" && first.chance(0.5);
    const drawn = drawTerms(first, 1, era);
    const terms = isCalm ? calm(drawn) : drawn;
    // What an allocation keeps must be there in the pools around it.
    const scale = world.maps.size === 0 ? 1 : 4;
    const kept = terms.pools
      .filter(({ withinPoolIds }) => withinPoolIds.length > 0)
      .reduce((sum, { capacity }) => sum + capacity, 0);
    const pools = terms.pools.map((pool) => ({
      ...pool,
      capacity: pool.withinPoolIds.length > 0 ? pool.capacity : Math.max(kept, scale * pool.capacity),
    }));
    this.#model = new Model({ ...terms, pools, isPublic: terms.isPublic || first.chance(0.5) }, START_MS);
    this.#model.isCalm = isCalm;
    this.#outside = new Outside(this.#model.heard);
    this.#object = this.#construct();
  }

  static async begin(world: World, seed: number): Promise<Run> {
    takeBack(world.ground);
    const run = new Run(world, new Dice(seed));
    await run.#open();
    return run;
  }

  async #open(): Promise<void> {
    const { config } = this.#model;
    this.#setClock(START_MS);
    await this.#world.ground.started();
    for (const map of this.#world.maps.values())
      if (map.id === config.seatMapId) await this.#object.installSeats({ ...map, part: 0, parts: 1 });
    const opened = await this.#object.open(config);
    agree("the event is open", opened.ok, true);
    this.#atlas.laid.clear();
    if (config.seatMapId !== null) this.#atlas.laid.add(config.seatMapId);
    this.#model.lay(config.seatMapId === null ? null : (this.#world.maps.get(config.seatMapId) ?? null));
    // A type whose pool is empty from the beginning is sold out.
    this.#model.openTiers();
    this.#note(`open ${JSON.stringify(config)}`, opened);
    this.#check();
  }

  #construct(): TicketInventory {
    const { ground } = this.#world;
    return new ground.code.TicketInventory(ground.state, this.#outside.environment());
  }

  #setClock(nowMs: number): void {
    this.#model.nowMs = nowMs;
    Date.now = () => nowMs;
  }

  async step(seed: number): Promise<void> {
    const dice = new Dice(seed);
    this.#number += 1;
    const { manner, ground } = this.#world;
    if (manner === "evicted" && dice.chance(0.6)) {
      this.#object = this.#construct();
      await ground.started();
    }
    const kind = dice.weigh([
      [12, "clock" as const],
      [5, "alarm" as const],
      [5, "reading" as const],
      [manner === "batched" ? 40 : 0, "batch" as const],
      [1, "broken" as const],
      [77, "command" as const],
    ]);
    if (kind === "clock") this.#moveClock(dice);
    else if (kind === "alarm") await this.#ring(dice);
    else if (kind === "reading") await this.#alone(drawReading(dice, this.#model));
    else if (kind === "batch") await this.#together(dice);
    else if (kind === "broken") await this.#alone(drawBroken(dice, this.#model, this.#number * 10));
    else await this.#alone(drawCommand(dice, this.#model, this.#atlas, this.#number * 10));
    this.#check();
    if (this.#number % EVERYTHING_EVERY === 0) checkEverything(ground, this.#model);
  }

  async #alone(asked: Command): Promise<void> {
    const { ground } = this.#world;
    this.#model.isLagging = isLagging(ground, this.#model.nowMs);
    const before = ground.changes();
    const heard = await this.#ask(asked);
    const isRefused = "error" in heard || isRefusal(heard.value);
    const written = ground.changes() - before;
    if (isRefused && !asked.keepsRefusal && !this.#model.isLagging && written > 0)
      throw new Difference(`a refusal wrote ${written} rows`);
    this.#judge(asked, heard);
  }

  #ask(asked: Command): Promise<Heard> {
    return asked.ask(this.#object).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  }

  #judge(asked: Command, heard: Heard): void {
    this.#note(asked.says, "value" in heard ? heard.value : heard.error);
    // What is due ends before a command, and those who wait are looked at before it and after.
    if (!asked.isReading) takeTurns(this.#model);
    if ("value" in heard) asked.judge(heard.value);
    else if (!asked.mayThrow)
      throw new Difference(`the object threw: ${heard.error instanceof Error ? heard.error.stack : heard.error}`);
    if (!asked.isReading) takeTurns(this.#model);
  }

  /** They share a commit; what one of them does to itself is nothing to the others. */
  async #together(dice: Dice): Promise<void> {
    this.#model.isLagging = isLagging(this.#world.ground, this.#model.nowMs);
    const commands = Array.from({ length: dice.between(2, 6) }, (_, index) => {
      const number = this.#number * 10 + index;
      return dice.chance(0.2) ? drawBroken(dice, this.#model, number) : drawCommand(dice, this.#model, this.#atlas, number, true);
    });
    this.trace.push(`together, ${commands.length}:`);
    const heard = await Promise.all(commands.map((asked) => this.#ask(asked)));
    for (const [index, asked] of commands.entries()) this.#judge(asked, heard[index] ?? { error: "no answer" });
  }

  #moveClock(dice: Dice): void {
    const { nowMs, holds, config } = this.#model;
    const ends = holds.filter((hold) => this.#model.isLive(hold)).map(({ endMs }) => endMs);
    const next = ends.length === 0 ? nowMs : Math.min(...ends);
    const target = dice.weigh([
      [4, nowMs + dice.between(1, 20_000)],
      [4, next],
      [2, next - 1],
      [2, nowMs + dice.between(1, 15) * MINUTE_MS],
      [0.5, nowMs + dice.between(1, 30) * HOUR_MS],
      [this.#model.isCalm ? 0 : 0.1, config.endMs],
      [1, nowMs - dice.between(1, 5_000)],
    ]);
    if (target < nowMs && this.#model.turnsWithin(target, nowMs)) return;
    this.trace.push(`clock ${target - nowMs} ms`);
    this.#setClock(target);
  }

  async #ring(dice: Dice): Promise<void> {
    const at = this.#world.ground.alarmAtMs();
    if (at === null) return;
    if (at > this.#model.nowMs && dice.chance(0.5)) this.#setClock(at);
    if (at > this.#model.nowMs) return;
    this.#outside.isDown = dice.chance(0.15);
    await this.#alarm();
    this.#outside.isDown = false;
  }

  async #alarm(): Promise<void> {
    takeTurns(this.#model);
    this.trace.push(`alarm${this.#outside.isDown ? ", the queue is down" : ""} at ${this.#model.nowMs}`);
    this.#world.ground.forgetAlarm();
    await this.#object.alarm();
  }

  /** After a question nothing has moved, and after a command nobody is left whose turn it is. */
  #settleList(): void {
    if (!this.#model.isCalm) return;
    agreeOnList(this.#world.ground, this.#model);
  }

  #check(): void {
    const { ground } = this.#world;
    this.#outside.check();
    this.#settleList();
    checkPools(ground, this.#model);
    if (this.#model.map !== null) checkSeats(ground, this.#model);
    checkAlarm(ground);
  }

  /** Everything that is due happens, and then outbox, feeds and state say the same. */
  async end(): Promise<void> {
    const { ground } = this.#world;
    checkEverything(ground, this.#model);
    await this.#alone(drawReading(new Dice(1), this.#model));
    for (let rung = 0; ground.alarmAtMs() !== null; rung++) {
      if (rung === LAST_ALARMS) throw new Difference(`after ${rung} alarms there is one more`);
      this.#setClock(Math.max(this.#model.nowMs, ground.alarmAtMs() ?? 0));
      await this.#alarm();
      this.#check();
    }
    checkEverything(ground, this.#model);
    this.#outside.checkQuiet(ground, this.#model);
    await this.#alone(drawReading(new Dice(2), this.#model));
  }

  #note(says: string, answer: unknown): void {
    const outcome = outcomeOf(answer);
    this.trace.push(`${says} → ${outcome}`);
    const [door = ""] = says.split(" ", 1);
    const name = `${door} ${outcome.split(" ", 1)[0]}`;
    this.#world.answers.set(name, (this.#world.answers.get(name) ?? 0) + 1);
  }
}

type Heard = { value: unknown } | { error: unknown };

const isRefusal = (answer: unknown): boolean =>
  typeof answer === "object" && answer !== null && "ok" in answer && answer.ok === false;

function outcomeOf(answer: unknown): string {
  if (answer instanceof Error) return `threw ${answer.message}`;
  if (typeof answer !== "object" || answer === null) return String(answer);
  const { ok, value, error } = answer as { ok?: boolean; value?: unknown; error?: { code: string } };
  if (ok === undefined) return `ok ${JSON.stringify(answer).slice(0, 200)}`;
  return ok
    ? `ok ${JSON.stringify(value ?? null).slice(0, 300)}`
    : JSON.stringify(error).replace('{"code":"', "").replace('"', " ");
}
