/** What a buyer has to do next, as it may be kept: a client's secret is the provider's to tell again, never ours (rule 20). */
import { NextAction } from "../../shared/contracts/orders";

/** Of a secret only its kind stays. */
export const storedAction = (action: NextAction): string =>
  JSON.stringify(action.type === "client_secret" ? { type: action.type } : action);

/** The action, `secret` where it has to be asked of the provider again. */
export function readAction(stored: string): NextAction | "secret" {
  const value: unknown = JSON.parse(stored);
  const isSecret = typeof value === "object" && value !== null && "type" in value && value.type === "client_secret";
  return isSecret ? "secret" : NextAction.parse(value);
}
