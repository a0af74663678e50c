/** Reads everything that a house left behind, and names each thing that must not be so, with its id. A pure function. */
import { checkMail } from "./checker-mail.ts";
import { checkMoney } from "./checker-money.ts";
import { checkOrders } from "./checker-orders.ts";
import { checkRest } from "./checker-rest.ts";
import { checkStock } from "./checker-stock.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Violation {
  rule: string;
  /** Of the row, the order, the event. */
  id: string;
  what: string;
}

export const check = (snapshot: Snapshot): Violation[] =>
  [checkOrders, checkStock, checkMoney, checkMail, checkRest].flatMap((part) => part(snapshot));
