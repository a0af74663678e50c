import type { Context } from "hono";
import { domainApp } from "../../shared/http/app";
import { query } from "../../shared/http/form";
import { anyone } from "../../shared/http/guards";
import { operation } from "../../shared/http/operation";
import type { Env } from "./environment";
import { operations } from "./operations";
import { SearchQuery, search } from "./search";

type SearchContext = Context<{ Bindings: Env; Variables: { query: SearchQuery } }>;

const answer = async (c: SearchContext) =>
  c.json(await search(c.env.DB, c.var.query, Date.now()), 200, { "cache-control": "public, max-age=0, s-maxage=2" });

export const app = domainApp<Env>()
  .get("/search", operation(operations.search), anyone(), query(SearchQuery), answer)
  .get("/events/search", operation(operations.searchEvents), anyone(), query(SearchQuery), answer);
