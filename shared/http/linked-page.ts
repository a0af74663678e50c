/**
 * Where a mailed link leads. Opening it does nothing, because mail scanners open links: what the reader presses does. The page carries no
 * part of its address: the token stays in the browser, which sends it where any other client sends it, and to nobody as a referrer.
 */
import { html, raw } from "hono/html";
import { acceptedLanguage } from "../locale/accepted-language";
import type { Language } from "../locale/languages";

export interface LinkedWords {
  title: string;
  /** What the page does, before its form. */
  lead: string;
}

/** Of every such page, for its script. */
const ANSWERS = {
  en: {
    tooOld: "This link was used before or is too old. Please ask for a new one.",
    tooMany: "That was tried too often. Please wait a few minutes.",
    failed: "That did not work just now. Please try again.",
  },
  de: {
    tooOld: "Dieser Link wurde schon benutzt oder ist zu alt. Bitte verlangen Sie einen neuen.",
    tooMany: "Das wurde zu oft versucht. Bitte warten Sie ein paar Minuten.",
    failed: "Das hat gerade nicht geklappt. Bitte versuchen Sie es noch einmal.",
  },
} satisfies Record<Language, Record<string, string>>;

const WITHOUT_SCRIPT: Record<Language, string> = {
  en: "This page needs JavaScript.",
  de: "Diese Seite braucht JavaScript.",
};

/**
 * What each page's script may use: `words`, `token`, `say`, `finish` where nothing is left to do, `post`, `tell` for an answer that the page
 * has no word of its own for, and `onSubmit`, which runs one thing at a time and leaves the focus where it was.
 */
const TOOLS = `
const token = new URLSearchParams(location.search).get("token") ?? "";
const said = document.querySelector("[role=status]");
const say = (text) => { said.textContent = text; };
const finish = (text) => {
  for (const part of document.querySelectorAll("main > :not(h1, [role=status])")) part.hidden = true;
  say(text);
};
const post = async (path, body, bearer) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(bearer ? { authorization: "Bearer " + bearer } : {}) },
    body: JSON.stringify(body),
  });
  return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
};
const tell = ({ status, body }) =>
  say(body.code === "invalid_token" ? words.tooOld : status === 429 ? words.tooMany : words.failed);
let isBusy = false;
const onSubmit = (form, act) => form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy) return;
  isBusy = true;
  say("");
  try { await act(Object.fromEntries(new FormData(form))); } catch { say(words.failed); }
  isBusy = false;
});`;

const STYLE = `
body { margin: 0; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #18181b; background: #f4f4f5 }
main { max-width: 32rem; margin: 6vh auto; padding: 1.5rem; background: #fff; border-radius: .5rem }
h1 { margin-top: 0; font-size: 1.6rem; line-height: 1.25 }
label { display: block; margin: .8rem 0 }
[hidden] { display: none }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; border: 1px solid #71717a; border-radius: .4rem }
button { font: inherit; padding: .6rem 1.2rem; border: 0; border-radius: .4rem; color: #fff; background: #18181b; cursor: pointer }
details { margin-top: 1.5rem } summary { cursor: pointer; padding: .3rem 0 }`;

export interface LinkedPage<W extends LinkedWords> {
  /** For the reader, and as `words` for the script, all of them. */
  words: Record<Language, W>;
  /** Between the lead and what the script says. Its forms are the script's. */
  form(words: W): ReturnType<typeof html>;
  script: string;
}

/** In the visitor's language, with the policy that lets nothing but it run (Content Security Policy Level 3). */
export async function linkedPage<W extends LinkedWords>(
  page: LinkedPage<W>,
  acceptLanguage: string | undefined,
): Promise<{ html: string; headers: Record<string, string> }> {
  const language = acceptedLanguage(acceptLanguage);
  const words = page.words[language];
  const nonce = crypto.randomUUID();
  // A script's text ends at the first `</script`, whatever is quoted there.
  const told = JSON.stringify({ ...ANSWERS[language], ...words }).replaceAll("<", "\\u003c");
  const written = await html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${words.title}</title>
<style nonce="${nonce}">${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>${words.title}</h1>
<p>${words.lead}</p>
${page.form(words)}
<p role="status"></p>
<noscript><p>${WITHOUT_SCRIPT[language]}</p></noscript>
</main>
<script nonce="${nonce}">const words = ${raw(told)};${raw(TOOLS)}${raw(page.script)}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    html: String(written),
    headers: {
      "content-security-policy": policy.join("; "),
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    },
  };
}
