/** Money that went back: why, how much, and what became of the tickets. */
import { html } from "hono/html";
import type { RefundFacts } from "../../shared/contracts/orders";
import { readableMoney } from "../../shared/locale/money";
import type { Env } from "./environment";
import { type Composed, composeEach, htmlPage, type Mail, oneLine } from "./mail";
import { type Occasion, occasionsOf, told } from "./occasions";

const LOCALE = "en-GB";
const CLOSING = "The money takes the way by which it was paid. Depending on your bank it may be a few days until you see it.";

interface Wording {
  sentence: string;
  /** What became of the tickets; none where there never were any. */
  tickets?: string;
}

function wordingOf(refund: RefundFacts, { event, organizer }: Occasion, amount: string): Wording {
  const title = oneLine(event.title);
  switch (refund.reason) {
    case "surplus":
      return surplusWording(refund, title, event.status === "cancelled", amount);
    case "event_cancelled":
      return {
        sentence: `${title} was cancelled, and ${amount} goes back to you.`,
        tickets: "Your tickets are no longer valid.",
      };
    case "requested":
      return {
        sentence: `${oneLine(organizer.name)} pays back ${amount} of your order for ${title}.`,
        tickets: voidedOf(refund.ticketIds.length),
      };
  }
}

/** Money that bought nothing: whoever paid it had no tickets by it, and hears why. */
function surplusWording({ cause }: RefundFacts, title: string, isCancelled: boolean, amount: string): Wording {
  const back = `It goes back in full: ${amount}.`;
  switch (cause) {
    case "sold_out":
      return {
        sentence: `Your payment for ${title} came after your reservation had ended, and the tickets were gone. ${back}`,
        tickets: "You have no tickets by this order.",
      };
    case "order_ended":
      return {
        sentence: `Your payment for ${title} came after ${isCancelled ? "the event was cancelled" : "your order had ended"}. ${back}`,
        tickets: "You have no tickets by this order.",
      };
    case "paid_twice":
      return {
        sentence: `Your order for ${title} had been paid already when this payment came. ${back}`,
        tickets: "Your tickets are not affected by it.",
      };
    case null:
      return { sentence: `Your payment for ${title} could not be taken for tickets. ${back}` };
  }
}

function voidedOf(count: number): string {
  if (count === 0) return "None of your tickets is affected by it.";
  return count === 1 ? "This ticket is no longer valid:" : `These ${count} tickets are no longer valid:`;
}

export async function composeRefundMail(refund: RefundFacts, occasion: Occasion): Promise<Mail> {
  const { buyer, orderId, ticketIds } = refund;
  const { sentence, tickets } = wordingOf(refund, occasion, readableMoney(refund.amount, LOCALE));
  const greeting = `Hello ${buyer.name},`;
  const subject = `Your refund for ${oneLine(occasion.event.title)}`;
  const voided = refund.reason === "requested" ? ticketIds : [];
  const references = `Order ${orderId}, refund ${refund.id}`;
  const about = [tickets, ...voided.map((id) => `– ${id}`)].filter((line) => line !== undefined).join("\n");
  return {
    to: buyer.email,
    subject,
    text: [greeting, sentence, ...(about ? [about] : []), CLOSING, references].join("\n\n"),
    html: await htmlPage(
      subject,
      html`<p>${greeting}</p>
<p>${sentence}</p>
${tickets === undefined ? "" : html`<p>${tickets}</p>`}
${voided.length === 0 ? "" : html`<ul>${voided.map((id) => html`<li>${id}</li>`)}</ul>`}
<p>${CLOSING}</p>
<p>${references}</p>`,
    ),
    data: { type: "refund", orderId, refundId: refund.id },
  };
}

/** By the refund's id, one question to each owner for all of them. What is not there, or not paid after all, is asked again. */
export async function refundMails(env: Env, refundIds: string[]): Promise<Composed> {
  const refunds = await env.PAYMENTS.refunds(refundIds);
  const occasionOf = await occasionsOf(env, refunds);
  const refundById = new Map(refunds.map((refund) => [refund.id, refund]));
  const composed = await composeEach(
    refundIds,
    (id) => id,
    async (id) => {
      const refund = told(refundById.get(id), `refund ${id}`);
      if (refund.status !== "succeeded") throw new Error(`refund ${id} is ${refund.status} again`);
      return composeRefundMail(refund, occasionOf(refund));
    },
  );
  return { ...composed, unneeded: [] };
}
