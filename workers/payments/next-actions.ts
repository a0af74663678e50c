/** What a buyer has to do next, as it may be kept: a client's secret is the provider's to tell again, never ours (rule 20). */
import { NextAction } from "../../shared/contracts/orders";

/** An address with anything behind its path may carry a secret of the client's, as Stripe's do (`payment_intent_client_secret=`). */
const isSecret = (action: NextAction): boolean =>
  action.type === "client_secret" || (action.type === "redirect" && /[?#]/.test(action.url));

/** Of a secret only its kind stays. */
export const storedAction = (action: NextAction): string => JSON.stringify(isSecret(action) ? { type: action.type } : action);

/** The action, `secret` where it has to be asked of the provider again. */
export function readAction(stored: string): NextAction | "secret" {
  const value: unknown = JSON.parse(stored);
  const hasType = typeof value === "object" && value !== null && "type" in value;
  const isKind = hasType && value.type !== "instructions" && Object.keys(value).length === 1;
  return isKind ? "secret" : NextAction.parse(value);
}
