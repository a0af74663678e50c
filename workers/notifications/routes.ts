import { z } from "zod";
import { domainApp } from "../../shared/http/app";
import { query } from "../../shared/http/form";
import { developmentOnly } from "../../shared/http/guards";
import { listQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { readCaptured } from "./captured-messages";
import type { Env } from "./environment";
import { operations } from "./operations";

const OutboxQuery = z.object({ to: z.string().max(254).optional(), limit: listQuery.limit });

export const app = domainApp<Env>().get(
  "/dev/outbox",
  operation(operations.readDevelopmentOutbox),
  developmentOnly(),
  query(OutboxQuery),
  async (c) => c.json({ data: await readCaptured(c.env.DB, c.var.query) }),
);
