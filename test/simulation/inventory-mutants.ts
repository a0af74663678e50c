/** Ways to break the object's guards, each of which the simulation must notice. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../shared/scripts/configurations.ts";
import type { Swap } from "./inventory-pieces.ts";

export interface Mutant {
  name: string;
  swaps: readonly Swap[];
}

const swap = (file: string, find: string, replace: string): Swap => ({
  file: file.includes("/") ? file : `durable-objects/ticket-inventory/${file}`,
  find,
  replace,
});
const mutant = (name: string, ...swaps: Swap[]): Mutant => ({ name, swaps });

export const MUTANTS: readonly Mutant[] = [
  mutant(
    "a pool has room for one more than it has",
    swap("migrations.ts", "CHECK (sold + held + blocked <= capacity)", "CHECK (sold + held + blocked <= capacity + 1)"),
  ),
  mutant(
    "a type's first pool is forgotten",
    swap("pools.ts", "of draws.get(ticketTypeId) ?? []) {", "of (draws.get(ticketTypeId) ?? []).slice(1)) {"),
  ),
  mutant(
    "what is taken through an allocation stays blocked around it",
    swap("pools.ts", "((movement.sold ?? 0) + (movement.held ?? 0)) * reserved", "0 * reserved"),
  ),
  mutant("a hold lives at its end", swap("holds.ts", "&& hold.expiresAtMs > nowMs;", "&& hold.expiresAtMs >= nowMs;")),
  mutant(
    "room is looked for before what is due has ended",
    swap("due-holds.ts", "if (isDue) this.expire(nowMs, EXPIRED_AT_A_TIME);", "if (isDue) return;"),
    swap("due-holds.ts", '  "sold_out",\n', ""),
  ),
  mutant(
    "an end gives no stock back",
    swap("expiry.ts", "if (holds.length > 0) returnHeldStock", "if (holds.length < 0) returnHeldStock"),
  ),
  mutant(
    "a hold that has ended gives its stock back once more",
    swap("holds.ts", 'if (hold.status !== "held" && hold.status !== "claimed") return;', ""),
  ),
  mutant(
    "a capacity may fall below what is sold",
    swap("configured-stock.ts", "if (!setPool(sql, pool)) return capacityBelowSold(pool);", "setPool(sql, pool);"),
  ),
  mutant("a tier that has opened closes again", swap("tiers.ts", "AND opened_at_ms IS NULL", "AND opened_at_ms IS NOT NULL")),
  mutant(
    "orders that are not paid are not counted for their person",
    swap("persons.ts", "AND h.status = 'claimed' AND h.expires_at_ms > ?2", "AND h.status = 'none' AND h.expires_at_ms > ?2"),
  ),
  mutant(
    "a refusal keeps what it has written",
    swap("shared/durable/group-commit.ts", "if (!outcome.ok) throw new Refused(outcome.error);", ""),
  ),
  mutant(
    "a hold may be extended beyond its cap",
    swap("hold-changes.ts", "Math.min(Math.max(hold.expiresAtMs, nowMs + terms.holdMs), hold.capMs)", "nowMs + terms.holdMs"),
  ),
  mutant(
    "a ticket is made void once more",
    swap("tickets.ts", '=> ticket.status === "valid");', '=> ticket.status !== "admitted");'),
  ),
  mutant(
    "orphans are refused where they are allowed, and allowed where they are not",
    swap("seat-lines.ts", "(terms.refuseOrphanSeats ?", "(!terms.refuseOrphanSeats ?"),
  ),
  mutant(
    "a companion's seat is anybody's",
    swap("seat-companions.ts", "if (lone.length === 0) return null;", "if (lone.length >= 0) return null;"),
  ),
  mutant(
    "nobody asks again for the accessible seat beside a companion's",
    swap("seat-companions.ts", "if (seatIds.length === 0) return null;", "if (seatIds.length >= 0) return null;"),
  ),
  mutant(
    "a partial hold gets a companion's seat alone, or nothing at all",
    swap("partial-lines.ts", "for (const id of more.members?.seatIds ?? seatIds) barred.add(id);", "return fitted;"),
  ),
  mutant(
    "a companion's seat that was released stays out of reach of the best available",
    swap("seat-companions.ts", "reshaped.push({ row, kinds });", "reshaped.push({ row, kinds: row.kinds });"),
  ),
  mutant(
    "the nearest seats are the best, whomever they leave alone",
    swap("seat-index.ts", "ORDER BY orphans, distance, segment, first LIMIT", "ORDER BY distance, orphans, segment, first LIMIT"),
  ),
  mutant(
    "whoever swaps takes the seat of whoever has it",
    swap("seats.ts", '"INSERT INTO seat_owners (seat_id,', '"INSERT OR REPLACE INTO seat_owners (seat_id,'),
  ),
  mutant(
    "who joined later overtakes",
    swap("waiting-offers.ts", "? one.number < other.number :", "? one.number > other.number :"),
  ),
  mutant(
    "everybody may have what is kept for those who wait",
    swap("public-stock.ts", "if (overdrawn || lines.some(", "if (lines.length === 0 || lines.some("),
  ),
  mutant(
    "the lower priority comes first",
    swap("waiting-offers.ts", "one.priority > other.priority", "one.priority < other.priority"),
  ),
  mutant("nobody is offered what comes back", swap("stock.ts", "  terms.mayOffer = true;", "")),
  mutant(
    "what can never be had is kept all the same",
    swap("waiting-wishes.ts", "return couldServe(terms, supply, type, quantity) ? type : null;", "return type;"),
  ),
];

/** An object that a mutant has sent round in circles is caught too. */
const LIMIT_MS = 300_000;

/** In a process of its own. True when the simulation has noticed. */
export async function catches(number: number, seed: number, runs: number): Promise<{ isCaught: boolean; why: string }> {
  const script = join(ROOT, "test/simulation/inventory-main.ts");
  const options = ["--mutant", String(number), "--seed", String(seed), "--runs", String(runs), "--whole"];
  const child = spawn(process.execPath, ["--js-base-64", script, ...options], { cwd: ROOT });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  if (code === null) return { isCaught: true, why: "never came to an end" };
  const found = /^(?:Error|Difference): (.*)$/m.exec(output)?.[1] ?? "";
  const [, sequences = ""] = /^(\d+) sequences/m.exec(output) ?? [];
  return { isCaught: code === 1 && found !== "", why: `sequence ${sequences}: ${found.slice(0, 160)}` };
}

/** How many were not noticed. */
export async function tryMutants(seed: number, runs: number): Promise<number> {
  let missed = 0;
  for (const [number, { name }] of MUTANTS.entries()) {
    const { isCaught, why } = await catches(number, seed, runs);
    if (!isCaught) missed += 1;
    console.log(`${isCaught ? "caught" : "MISSED"}  ${name}\n        ${why}`);
  }
  console.log(`${MUTANTS.length - missed} of ${MUTANTS.length} mutants caught, --seed ${seed}`);
  return missed;
}
