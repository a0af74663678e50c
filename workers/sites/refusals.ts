/** What the domains refuse, in words for a buyer. */
import type { ProblemBody } from "../../shared/contracts/problem-body";
import type { ProblemCode } from "../../shared/contracts/problems";
import { pageResponse } from "./page";
import type { Site } from "./site";
import { sorryPage } from "./sorry-page";
import type { Words } from "./words";

const TEXTS: Partial<Record<ProblemCode, keyof Words>> = {
  sold_out: "notEnough",
  holder_limit: "holderLimit",
  person_limit: "personLimit",
  seat_taken: "seatsGone",
  seat_for_companion: "seatsGone",
  event_not_on_sale: "nothingOnSale",
  ticket_type_not_on_sale: "typeNotOnSale",
  quantity_out_of_range: "notEnough",
  hold_expired: "endedTryAgain",
  hold_released: "endedTryAgain",
  waitlist_closed: "waitlistClosed",
  waitlist_full: "waitlistClosed",
  already_waiting: "alreadyWaiting",
  payment_in_progress: "paymentElsewhere",
  order_not_payable: "notPayable",
  order_not_cancellable: "paymentElsewhere",
  amount_not_payable: "amountNotPayable",
  provider_not_configured: "noProvider",
  rate_limited: "busy",
  overloaded: "busy",
  unavailable: "busy",
  request_in_progress: "busy",
};

export function troubleText({ code }: Pick<ProblemBody, "code">, words: Words): string {
  const key = Object.entries(TEXTS).find(([known]) => known === code)?.[1];
  const text = key && words[key];
  return typeof text === "string" ? text : words.unexpected;
}

/** Nothing was done; the page's own form is the way on. */
export function foreignForm(site: Site, path: string): Promise<Response> {
  const { words } = site.language;
  const ways = [{ path, label: words.lookAgain }];
  return pageResponse(site, sorryPage({ title: words.foreignForm, more: words.foreignFormMore, ways }), 403);
}
