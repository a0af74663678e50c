/** The domain's pages in the OpenAPI document. */
import { z } from "zod";
import { OutboxMessage } from "../../shared/contracts/outbound";
import type { Operation } from "../../shared/http/operation";

const message: OutboxMessage = {
  id: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  channel: "email",
  to: "ada@bilten.example",
  subject: "Your tickets for An evening at the Blue Note",
  text: "Hello Ada, …",
  html: "<!doctype html>…",
  data: { type: "order_confirmation", orderId: "0197f3c2-9a10-7f4e-b7a9-2f1d6a1c5e01" },
  createdAt: "2027-03-01T09:30:00.000Z",
};

export const Outbox = z.object({ data: z.array(OutboxMessage) }).meta({ id: "Outbox" });

export const operations = {
  readDevelopmentOutbox: {
    operationId: "readDevelopmentOutbox",
    summary: "What would have been sent, newest first (development only)",
    tags: ["development"],
    answers: { 200: { description: "Mails as they would have left", schema: Outbox, example: { data: [message] } } },
    refusals: ["not_found"],
  },
  showDevelopmentMails: {
    operationId: "showDevelopmentMails",
    summary: "The mails that would have been sent, as a page (development only)",
    tags: ["development"],
    answers: { 200: { description: "A list, newest first", contentType: "text/html" } },
    refusals: ["not_found"],
  },
  showDevelopmentMail: {
    operationId: "showDevelopmentMail",
    summary: "One mail as a mail client would show it (development only)",
    tags: ["development"],
    answers: { 200: { description: "Its head, its HTML or text, and its files", contentType: "text/html" } },
    refusals: ["not_found"],
  },
  showDevelopmentMailHtml: {
    operationId: "showDevelopmentMailHtml",
    summary: "One mail's HTML alone, in a sandbox (development only)",
    tags: ["development"],
    answers: { 200: { description: "The HTML, its pictures from here", contentType: "text/html" } },
    refusals: ["not_found"],
  },
  readDevelopmentMailAttachment: {
    operationId: "readDevelopmentMailAttachment",
    summary: "A file of a mail, counted from 0 (development only)",
    tags: ["development"],
    answers: { 200: { description: "The file", contentType: "application/octet-stream" } },
    refusals: ["not_found"],
  },
} as const satisfies Record<string, Operation>;
