/** Mails as their readers' programs take them apart. */
import { decode } from "fast-png";
import ICAL from "ical.js";
import jsQr from "jsqr";
import { type ParsedMail, simpleParser } from "mailparser";
import MailComposer from "nodemailer/lib/mail-composer/index.js";
import { extractImages, extractText, getDocumentProxy } from "unpdf";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import { messageOf } from "../../workers/notifications/email-service";

type File = NonNullable<OutboxMessage["attachments"]>[number];

export const SENDER = "tickets@bilten.example";

export function fileOf({ attachments = [] }: OutboxMessage, ending: string, nth = 0): File {
  const file = attachments.filter(({ filename }) => filename.endsWith(ending))[nth];
  if (!file) throw new Error(`no ${ending} is attached`);
  return file;
}

export const bytesOf = ({ content }: File): Uint8Array => new Uint8Array(Buffer.from(content, "base64"));

interface Picture {
  data: ArrayLike<number>;
  width: number;
  height: number;
  channels: number;
}

/** Null where no reader would find a code. */
export function readQr({ data, width, height, channels }: Picture): string | null {
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let at = 0; at < width * height; at++)
    for (let channel = 0; channel < 3; channel++)
      pixels[at * 4 + channel] = data[at * channels + (channels < 3 ? 0 : channel)] ?? 255;
  return jsQr(pixels, width, height)?.data ?? null;
}

/** A PNG of one bit a pixel or of bytes. */
export function readPng(bytes: Uint8Array): Picture {
  const { data, width, height, depth, channels } = decode(bytes);
  if (depth !== 1) return { data, width, height, channels };
  const row = Math.ceil(width / 8);
  const bits = Uint8Array.from({ length: width * height }, (_, at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    return (((data[y * row + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1) * 255;
  });
  return { data: bits, width, height, channels: 1 };
}

/** A ticket's page: what it says, and the code that a door's camera finds on it. */
export async function readTickets(pdf: Uint8Array): Promise<{ text: string; code: string | null; size: number[] }[]> {
  const document = await getDocumentProxy(pdf);
  const { text } = await extractText(document);
  return Promise.all(
    text.map(async (words, index) => {
      const [picture] = await extractImages(document, index + 1);
      const { view } = await document.getPage(index + 1);
      return { text: words, code: picture ? readQr(picture) : null, size: view.slice(2) };
    }),
  );
}

export function readCalendar(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const component = calendar.getFirstSubcomponent("vevent");
  if (!component) throw new Error("no event is in the calendar");
  return { method: calendar.getFirstPropertyValue("method"), event: new ICAL.Event(component), component };
}

/** The mail as raw MIME, from what the binding would be given, read again by a mail program's library. */
export async function readMail({
  id,
  to,
  subject = "",
  text = "",
  html = "",
  attachments = [],
}: OutboxMessage): Promise<ParsedMail> {
  const files = attachments.map((file) => {
    const { filename, contentType, contentId } = file;
    return { filename, contentType, content: bytesOf(file), ...(contentId === undefined ? {} : { contentId }) };
  });
  const mail = { to, fromName: "The Blue Note", subject, text, html, language: "en", attachments: files, data: { type: "" } };
  const { from, headers, attachments: built = [], ...parts } = messageOf({ key: id, mail }, SENDER);
  const composer = new MailComposer({
    ...(parts as { to: string; subject: string; text: string; html: string }),
    from: typeof from === "string" ? from : { name: from.name, address: from.email },
    headers: headers ?? {},
    attachments: built.map((file) => ({
      filename: file.filename,
      contentType: file.type,
      content: Buffer.from(file.content as Uint8Array),
      contentDisposition: file.disposition,
      ...(file.contentId === undefined ? {} : { cid: file.contentId }),
    })),
  });
  return simpleParser(await composer.compile().build());
}
