/** A form's fields, and what is wrong with them: said once above the form with a way to each, and again beside each. */
import { html } from "hono/html";
import type { Html } from "./page";
import type { Words } from "./words";

export interface Fault {
  /** The id of the field that it is about, null for the whole form. */
  field: string | null;
  message: string;
}

/** The page's script puts the focus here; without it the browser's reading begins above the form all the same. */
export function faultSummary(faults: Fault[], words: Words): Html | string {
  if (faults.length === 0) return "";
  const listed = faults.map(({ field, message }) =>
    field === null ? html`<li>${message}</li>` : html`<li><a href="#${field}">${message}</a></li>`,
  );
  return html`<div id="errors" role="alert" tabindex="-1"><h2>${faults.length === 1 ? words.problem : words.problems}</h2><ul>${listed}</ul></div>`;
}

const noteId = (id: string): string => `${id}-note`;
const faultId = (id: string): string => `${id}-error`;

/** What a screen reader says of the field beside its name: the hint, then what is wrong. */
export function described(id: string, hasHint: boolean, faults: Fault[]): Html | string {
  const isWrong = faults.some(({ field }) => field === id);
  const ids = [...(hasHint ? [noteId(id)] : []), ...(isWrong ? [faultId(id)] : [])];
  return html`${ids.length > 0 ? html` aria-describedby="${ids.join(" ")}"` : ""}${isWrong ? html` aria-invalid="true"` : ""}`;
}

export const faultNote = (id: string, faults: Fault[], words: Words): Html | string => {
  const own = faults.filter(({ field }) => field === id);
  return own.length === 0
    ? ""
    : html`<span class="error" id="${faultId(id)}"><span class="hidden">${words.errorPrefix} </span>${own.map(({ message }) => message).join(" ")}</span>`;
};

export interface TextField {
  id: string;
  label: string;
  value: string;
  type?: "text" | "email";
  autocomplete: string;
  hint?: string;
  required?: boolean;
}

/** The form is checked by the server, which can say what is wrong in the reader's language and lose nothing. */
export const textField = (field: TextField, faults: Fault[], words: Words): Html => html`<div class="field">
<label for="${field.id}">${field.label}</label>
${field.hint ? html`<span class="hint" id="${noteId(field.id)}">${field.hint}</span>` : ""}
${faultNote(field.id, faults, words)}
<input id="${field.id}" name="${field.id}" type="${field.type ?? "text"}" value="${field.value}" autocomplete="${field.autocomplete}"${field.type === "email" ? html` inputmode="email" spellcheck="false"` : html` dir="auto"`}${field.required ? html` required` : ""}${described(field.id, field.hint !== undefined, faults)}>
</div>`;

export const hiddenFields = (fields: Record<string, string>): Html[] =>
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
