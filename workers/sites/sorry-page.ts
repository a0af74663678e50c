/** What a page says when there is nothing else to show: what happened, and a way on. */
import { html } from "hono/html";
import type { Page } from "./page";
import type { Words } from "./words";

interface Sorry {
  title: string;
  more: string;
  /** The way on, the first one as a button. */
  ways: { path: string; label: string }[];
}

export const sorryPage = ({ title, more, ways }: Sorry): Page => ({
  title,
  description: title,
  isPersonal: true,
  content: html`<h1>${title}</h1>
<p>${more}</p>
<p class="actions">${ways.map(({ path, label }, index) => html`<a href="${path}"${index === 0 ? html` class="button"` : ""}>${label}</a>`)}</p>`,
});

export const missingPage = (words: Words): Page =>
  sorryPage({ title: words.missing, more: words.missingMore, ways: [{ path: "/", label: words.seeWhatIsOn }] });
