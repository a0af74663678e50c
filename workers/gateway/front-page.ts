/** For a person who comes by where no page is: the API's own address, or a host that is nobody's. Programs hear a problem. */
import { isForPeople } from "../../shared/http/navigation";
import { acceptedLanguage } from "../../shared/locale/accepted-language";

const WORDS = {
  en: {
    api: "This is Bilten’s API",
    apiMore: "Organizers’ pages have addresses of their own.",
    docs: "Read and try the API",
    nobody: "There is no shop at this address",
    nobodyMore: "It may be mistyped.",
  },
  de: {
    api: "Das ist die Programmierschnittstelle von Bilten",
    apiMore: "Die Seiten der Veranstalter haben eigene Adressen.",
    docs: "Die Schnittstelle lesen und ausprobieren",
    nobody: "Unter dieser Adresse gibt es keinen Veranstalter",
    nobodyMore: "Vielleicht ist sie falsch geschrieben.",
  },
};

/** A browser that goes somewhere. */
export const isGoing = (request: Request): boolean =>
  isForPeople(request) && (request.method === "GET" || request.method === "HEAD");

export function frontPage(request: Request, host: "api" | "unknown"): Response {
  const language = acceptedLanguage(request.headers.get("accept-language") ?? undefined);
  const words = WORDS[language];
  const [title, more] = host === "api" ? [words.api, words.apiMore] : [words.nobody, words.nobodyMore];
  const way = host === "api" ? `<p><a href="/docs">${words.docs}</a></p>` : "";
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>body{font:1.1rem/1.6 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem}</style><main><h1>${title}</h1><p>${more}</p>${way}</main></html>`;
  return new Response(request.method === "HEAD" ? null : html, {
    status: host === "api" ? 200 : 404,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      vary: "accept, accept-language",
    },
  });
}
