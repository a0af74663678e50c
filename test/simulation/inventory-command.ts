/** What a step is: a question to the object, and the model's judgement of the answer, after which the model has followed. */
import type { TicketInventory } from "../../durable-objects/ticket-inventory/index.ts";
import type { Refusal } from "../../shared/contracts/problems.ts";
import type { Result } from "../../shared/contracts/result.ts";

export interface Command {
  /** For whoever reads the trace. */
  says: string;
  ask(object: TicketInventory): Promise<unknown>;
  judge(answer: unknown): void;
  /** It may throw, and then it leaves nothing. */
  mayThrow?: boolean;
  /** Its refusal is written down. */
  keepsRefusal?: boolean;
  /** It changes nothing, not even what is due. */
  isReading?: boolean;
}

export function command<T>(
  says: string,
  ask: (object: TicketInventory) => Promise<T>,
  judge: (answer: T) => void,
  more: Pick<Command, "mayThrow" | "keepsRefusal" | "isReading"> = {},
): Command {
  // The answer is the one that `ask` has given.
  return { says, ask, judge: (answer) => judge(answer as T), ...more };
}

/** A difference between the object and the model, or between the object and itself. */
export class Difference extends Error {}

export function agree(what: string, seen: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (one !== other) throw new Difference(`${what}: the object says ${one}, the model ${other}`);
}

export const codeOf = (answer: Result<unknown, Refusal>): string => (answer.ok ? "ok" : answer.error.code);

/** The value of an answer that the model grants too, null where both refuse for the same reason. */
export function settle<T, E extends Refusal>(answer: Result<T, E>, refusal: string | null): T | null {
  agree("the answer", codeOf(answer), refusal ?? "ok");
  return answer.ok ? answer.value : null;
}
