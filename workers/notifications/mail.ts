import { html } from "hono/html";

/** A mail as it leaves, whoever carries it. `data` is for tests and tools, and leaves in no mail. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  data: { type: string; token?: string; orderId?: string };
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
