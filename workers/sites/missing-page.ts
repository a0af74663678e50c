import { html } from "hono/html";
import type { Page } from "./page";

export const missingPage = (): Page => ({
  title: "Not found",
  description: "There is no such page",
  content: html`<h1>There is no such page</h1>
<p>The event may be over, or the address may be mistyped. <a href="/">See what is on.</a></p>`,
});
