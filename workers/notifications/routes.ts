import { z } from "zod";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import { domainApp } from "../../shared/http/app";
import { query } from "../../shared/http/form";
import { developmentOnly } from "../../shared/http/guards";
import { listQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { Problem } from "../../shared/http/problem";
import { findCaptured, listCaptured, readCaptured } from "./captured-messages";
import { LISTED, mailFile, mailHtml, mailList, mailPage } from "./dev-mail";
import type { Env } from "./environment";
import { operations } from "./operations";

const To = z.string().max(254).optional();
const OutboxQuery = z.object({ to: To, limit: listQuery.limit });
const MailsQuery = z.object({ to: To });
const MailQuery = z.object({ part: z.enum(["html", "text"]).default("html") });

async function messageOf(db: D1Database, mailId: string): Promise<OutboxMessage> {
  const message = await findCaptured(db, mailId);
  if (!message) throw new Problem("not_found");
  return message;
}

export const app = domainApp<Env>()
  .get("/dev/outbox", operation(operations.readDevelopmentOutbox), developmentOnly(), query(OutboxQuery), async (c) =>
    c.json({ data: await readCaptured(c.env.DB, c.var.query) }),
  )
  .get("/dev/mail", operation(operations.showDevelopmentMails), developmentOnly(), query(MailsQuery), async (c) => {
    const to = c.var.query.to || undefined;
    return mailList(await listCaptured(c.env.DB, { to, limit: LISTED }), to);
  })
  .get("/dev/mail/:mailId", operation(operations.showDevelopmentMail), developmentOnly(), query(MailQuery), async (c) =>
    mailPage(await messageOf(c.env.DB, c.req.param("mailId")), c.var.query.part),
  )
  .get("/dev/mail/:mailId/html", operation(operations.showDevelopmentMailHtml), developmentOnly(), async (c) =>
    mailHtml(await messageOf(c.env.DB, c.req.param("mailId"))),
  )
  .get(
    "/dev/mail/:mailId/attachments/:index",
    operation(operations.readDevelopmentMailAttachment),
    developmentOnly(),
    async (c) => {
      const file = mailFile(await messageOf(c.env.DB, c.req.param("mailId")), Number(c.req.param("index")));
      if (!file) throw new Problem("not_found");
      return file;
    },
  );
