import { html } from "hono/html";

/** A mail as it leaves, whoever carries it. `data` is for tests and tools, and leaves in no mail. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  data: { type: string; token?: string; orderId?: string; refundId?: string };
}

/** What became of the ids that an owner was asked about; what stands in none of them is tried again later. */
export interface Composed {
  mails: Map<string, Mail>;
  /** The owner has nothing to say any more, as of a token that was used meanwhile: no mail is owed. */
  unneeded: string[];
  failures: unknown[];
}

/** Writes each mail by itself: one that cannot be written keeps none of the others back. */
export async function composeEach<T>(things: readonly T[], idOf: (thing: T) => string, compose: (thing: T) => Promise<Mail>) {
  const mails = new Map<string, Mail>();
  const failures: unknown[] = [];
  for (const thing of things) {
    try {
      mails.set(idOf(thing), await compose(thing));
    } catch (error) {
      failures.push(error);
    }
  }
  return { mails, failures };
}

/** A header line and a heading: what people named a thing, without the line breaks they may have put in. */
export const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim();

/** The frame of every HTML mail: inline styles, because mail clients know no others; everything interpolated is escaped. */
export async function htmlPage(title: string, content: ReturnType<typeof html>): Promise<string> {
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body style="margin:0;padding:24px;background:#f4f4f5;color:#18181b;font:16px/1.5 system-ui,sans-serif">
<main style="max-width:36rem;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px">
<h1 style="margin:0 0 16px;font-size:1.4em">${title}</h1>
${content}
</main>
</body>
</html>`;
  return String(await page);
}
