/** Where a buyer stands between the first choice and the tickets. */
import { html } from "hono/html";
import type { Html } from "./page";
import type { Words } from "./words";

export const STEPS = ["stepTickets", "stepDetails", "stepPayment", "stepDone"] as const satisfies (keyof Words)[];

export function steps(current: (typeof STEPS)[number], words: Words): Html {
  const at = STEPS.indexOf(current);
  const listed = STEPS.map((step, index) => {
    if (index === at) return html`<li aria-current="step"><b>${index + 1}.</b> ${words[step]}</li>`;
    return html`<li><b>${index + 1}.</b> ${words[step]}${index < at ? html`<span class="hidden"> ${words.stepDoneAlready}</span>` : ""}</li>`;
  });
  return html`<nav aria-label="${words.steps}"><ol class="steps">${listed}</ol></nav>`;
}
