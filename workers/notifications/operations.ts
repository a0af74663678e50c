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
} as const satisfies Record<string, Operation>;
