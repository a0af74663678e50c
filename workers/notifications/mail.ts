/** A mail as it leaves, whoever carries it. */
import { withoutDirectionControls } from "../../shared/contracts/text";
import { breathe } from "../../shared/thread/breath";
import { type Block, type Look, renderHtml, renderText } from "./mail-page";
import type { Tongue } from "./words";

export interface Attachment {
  filename: string;
  contentType: string;
  content: Uint8Array;
  /** Set for a picture that the HTML shows itself, as `cid:<contentId>` (RFC 2392). */
  contentId?: string;
}

export interface Mail {
  to: string;
  /** In whose name it is sent; the address is the house's. */
  fromName: string;
  subject: string;
  text: string;
  html: string;
  language: string;
  attachments: Attachment[];
  /** For tests and tools, and leaves in no mail. */
  data: { type: string; token?: string; orderId?: string; refundId?: string };
}

/** What became of the ids that an owner was asked about; what stands in none of them is tried again later. */
export interface Composed {
  mails: Map<string, Mail>;
  /** The owner has nothing to say any more, as of a token that was used meanwhile: no mail is owed. */
  unneeded: string[];
  failures: unknown[];
}

/** Writes each mail by itself: one that cannot be written keeps none of the others back. Null for one that is not owed. */
export async function composeEach<T>(
  things: readonly T[],
  idOf: (thing: T) => string,
  compose: (thing: T) => Promise<Mail | null>,
) {
  const mails = new Map<string, Mail>();
  const failures: unknown[] = [];
  for (const [index, thing] of things.entries()) {
    if (index > 0) await breathe();
    try {
      const mail = await compose(thing);
      if (mail) mails.set(idOf(thing), mail);
    } catch (error) {
      failures.push(error);
    }
  }
  return { mails, failures };
}

/** A header line and a heading: what people named a thing, without the line breaks they may have put in. */
export const oneLine = (text: string): string =>
  withoutDirectionControls(text)
    .replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, " ")
    .trim();

interface Letter {
  to: string;
  tongue: Tongue;
  look: Look;
  subject: string;
  blocks: Block[];
  attachments?: Attachment[];
  data: Mail["data"];
}

/** Both parts say the same: they are written from the same blocks. */
export async function writeMail({ to, tongue, look, subject, blocks, attachments = [], data }: Letter): Promise<Mail> {
  const title = oneLine(subject);
  return {
    to,
    fromName: oneLine(look.name),
    subject: title,
    text: renderText(blocks, look),
    html: await renderHtml({ language: tongue.language, title, blocks, look }),
    language: tongue.language,
    attachments,
    data,
  };
}
