/** Tickets as PDF, one a page: to print on A4, and as high as a phone's screen. */
import { DEFAULT_REFUND_POLICY } from "../../shared/contracts/events";
import type { TicketPaper } from "../../shared/contracts/outbound";
import { DeflatedDocument } from "./deflated-document";
import { oneLine } from "./mail";
import type { Look } from "./mail-page";
import type { Occasion } from "./occasions";
import type { DrawnTicket } from "./order-confirmations";
import { asFarAsDrawable, drawable, type TicketFonts, ticketFonts } from "./ticket-fonts";
import type { Words } from "./words";

/** Points of 1/72 inch. */
interface Sheet {
  size: [width: number, height: number];
  margin: number;
  band: number;
  qr: number;
  title: number;
  text: number;
  small: number;
}

const SHEETS = {
  print: { size: [595.28, 841.89], margin: 56, band: 64, qr: 230, title: 26, text: 13, small: 9 },
  phone: { size: [360, 740], margin: 24, band: 52, qr: 236, title: 20, text: 12, small: 8 },
} as const satisfies Record<TicketPaper, Sheet>;

export interface Paper {
  tickets: readonly DrawnTicket[];
  occasion: Occasion;
  look: Look;
  when: string;
  place: string;
  words: Words;
  language: string;
  orderId: string;
  saidAt: string;
}

/** What was drawn so far on a page: the next thing stands at `y`. */
interface Page {
  document: PDFKit.PDFDocument;
  fonts: TicketFonts;
  sheet: Sheet;
  width: number;
  y: number;
}

const INK = "#18181b";
const SOFT = "#52525b";

export async function drawTickets(kind: TicketPaper, paper: Paper): Promise<Uint8Array> {
  const fonts = ticketFonts();
  const sheet: Sheet = SHEETS[kind];
  const title = asFarAsDrawable(fonts.bold, oneLine(paper.occasion.event.title));
  const document = new DeflatedDocument({
    autoFirstPage: false,
    // pdfkit takes a parsed font wherever it takes a font's name.
    font: fonts.regular as unknown as string,
    lang: paper.language,
    info: { Title: title, Producer: "Bilten", Creator: "Bilten", CreationDate: new Date(paper.saidAt) },
  });
  const done = collected(document);
  for (const ticket of paper.tickets) {
    document.addPage({ size: [...sheet.size], margin: 0 });
    drawTicket({ document, fonts, sheet, width: sheet.size[0] - 2 * sheet.margin, y: 0 }, paper, ticket, title);
  }
  document.end();
  return done;
}

function drawTicket(page: Page, paper: Paper, ticket: DrawnTicket, title: string): void {
  const { document, fonts, sheet, width } = page;
  const { look, words, when, place } = paper;
  document.rect(0, 0, sheet.size[0], sheet.band).fill(look.band);
  write(page, asFarAsDrawable(fonts.bold, look.name), {
    font: fonts.bold,
    size: sheet.text + 3,
    color: look.onBand,
    lines: 1,
    at: (sheet.band - sheet.text - 6) / 2,
  });
  page.y = sheet.band + sheet.margin / 2;
  write(page, title, { font: fonts.bold, size: sheet.title, color: INK, lines: 3 });
  page.y += sheet.text;
  write(page, when, { size: sheet.text, color: INK, lines: 2 });
  write(page, asFarAsDrawable(fonts.regular, place), { size: sheet.text, color: SOFT, lines: 3 });
  page.y += sheet.text;
  document.image(ticket.qr as Buffer, (sheet.size[0] - sheet.qr) / 2, page.y, { width: sheet.qr, height: sheet.qr });
  page.y += sheet.qr + sheet.text / 2;
  field(page, words.paper.holder, drawable(fonts.bold, ticket.holder) ?? words.paper.holderElsewhere(ticket.number));
  const type = asFarAsDrawable(fonts.bold, ticket.type);
  field(page, words.paper.ticket, `${type}${type ? ", " : ""}${words.paper.of(ticket.number, ticket.of)}`);
  if (ticket.seat !== null) field(page, words.paper.seat, asFarAsDrawable(fonts.bold, ticket.seat));
  page.y += sheet.small / 2;
  const small = { size: sheet.small, color: SOFT };
  write(page, ticket.code, { ...small, lines: 3 });
  write(page, words.order(paper.orderId), { ...small, lines: 1 });
  page.y += sheet.small;
  document
    .moveTo(sheet.margin, page.y)
    .lineTo(sheet.margin + width, page.y)
    .lineWidth(0.5)
    .stroke("#d4d4d8");
  page.y += sheet.small;
  write(page, words.paper.terms, { ...small, lines: 5 });
  const { refundPolicy } = paper.occasion.event.settings;
  const policy = refundPolicy === DEFAULT_REFUND_POLICY ? "" : asFarAsDrawable(fonts.regular, oneLine(refundPolicy));
  if (policy) write(page, words.paper.refunds(policy), { ...small, lines: 6 });
}

function field(page: Page, label: string, value: string): void {
  const { sheet, fonts } = page;
  write(page, label, { size: sheet.small, color: SOFT, lines: 1 });
  write(page, value, { font: fonts.bold, size: sheet.text, color: INK, lines: 2 });
  page.y += 4;
}

interface Style {
  font?: TicketFonts["regular"];
  size: number;
  color: string;
  /** More are cut off: a ticket is one page, whatever somebody named a thing. */
  lines: number;
  at?: number;
}

/** From the margin to the other, below what was written before. */
function write(page: Page, text: string, { font = page.fonts.regular, size, color, lines, at = page.y }: Style): void {
  const { document, sheet, width } = page;
  document
    .font(font as unknown as string)
    .fontSize(size)
    .fillColor(color);
  const height = lines * document.currentLineHeight(true);
  document.text(text, sheet.margin, at, { width, height, ellipsis: true });
  page.y = Math.min(document.y, at + height);
}

function collected(document: PDFKit.PDFDocument): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    document.on("data", (piece: Uint8Array) => pieces.push(piece));
    document.on("error", reject);
    document.on("end", () => {
      const all = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
      let at = 0;
      for (const piece of pieces) {
        all.set(piece, at);
        at += piece.byteLength;
      }
      resolve(all);
    });
  });
}
