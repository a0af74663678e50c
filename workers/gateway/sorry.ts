/** What the gateway itself has to refuse to somebody who goes to a page. It knows no organizer's look, and no Worker that does can be asked. */
import type { Refusal } from "../../shared/contracts/problems";
import { PROBLEMS } from "../../shared/contracts/problems";
import { acceptedLanguage } from "../../shared/locale/accepted-language";

const WORDS = {
  en: {
    busy: "Too many people are asking just now",
    again: "Nothing was lost. Wait a moment and load this page again; what you sent in a form, go back and send again.",
  },
  de: {
    busy: "Gerade fragen zu viele zugleich",
    again:
      "Es ist nichts verloren. Warten Sie einen Moment und laden Sie diese Seite neu. Was Sie in einem Formular gesendet haben: Gehen Sie zurück und senden Sie es noch einmal.",
  },
};

/** By itself a page that was only asked for is asked for again; a form is its sender's to send. */
export function sorryResponse(request: Request, { code, retryAfterSeconds = 5 }: Refusal): Response {
  const language = acceptedLanguage(request.headers.get("accept-language") ?? undefined);
  const { busy, again } = WORDS[language];
  const refresh = request.method === "GET" ? `<meta http-equiv="refresh" content="${retryAfterSeconds}">` : "";
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refresh}<title>${busy}</title><style>body{font:1.1rem/1.6 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem}</style><main><h1>${busy}</h1><p>${again}</p></main></html>`;
  return new Response(request.method === "HEAD" ? null : html, {
    status: PROBLEMS[code].status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
      "retry-after": String(retryAfterSeconds),
      vary: "accept-language",
    },
  });
}
