import { describe, expect, it } from "vitest";
import { MESSAGES } from "../../shared/contracts/messages";
import { SUBSCRIPTIONS } from "../../shared/queue/subscriptions";
import { readWorkers } from "../../shared/scripts/configurations.ts";
import { readSources } from "../support/sources";
import { findMailboxless, findUnannounced, findUndeliverable, findUnhandled, findUnread, type Speech } from "./messages";

const real = (): Speech => ({
  types: Object.keys(MESSAGES),
  subscriptions: SUBSCRIPTIONS,
  workers: readWorkers(),
  sources: readSources(),
});

describe("messages", () => {
  it("have a reader each", () => {
    expect(findUnread(real())).toEqual([]);
    expect(findUnread({ ...real(), subscriptions: { ...SUBSCRIPTIONS, "order.paid": [] } })).toEqual(["nobody reads order.paid"]);
  });

  it("are handled by those who subscribe, and by nobody else", () => {
    expect(findUnhandled(real())).toEqual([]);
    const path = "workers/search/message-handlers.ts";
    const handled = (text: string): Speech => ({
      types: ["a.made"],
      subscriptions: { "a.made": ["search"] },
      workers: [],
      sources: [{ path, text }],
    });
    expect(findUnhandled(handled('{ "a.made": index }'))).toEqual([]);
    expect(findUnhandled(handled("{}"))).toEqual([`${path} does not know a.made`]);
    expect(findUnhandled({ ...handled('{ "b.made": index }'), types: ["b.made"] })).toEqual([
      `${path} waits for b.made, which it is never sent`,
    ]);
  });

  it("are announced by somebody", () => {
    expect(findUnannounced(real())).toEqual([]);
    expect(findUnannounced({ ...real(), types: ["cake.eaten"] })).toEqual(["nobody announces cake.eaten"]);
  });

  it("reach every mailbox that listens", () => {
    expect(findUndeliverable(real())).toEqual([]);
    const sources = [{ path: "workers/auth/accounts.ts", text: 'announce("a.made")' }];
    const speech: Speech = {
      types: ["a.made"],
      subscriptions: { "a.made": ["users", "search"] },
      workers: readWorkers(),
      sources,
    };
    expect(findUndeliverable(speech)).toEqual([
      "workers/auth/wrangler.toml: auth announces a.made and has no producer for the mailbox of search",
    ]);
    // What an object says, its Worker says.
    const object = { path: "durable-objects/ticket-inventory/orders.ts", text: 'announce("a.made")' };
    expect(findUndeliverable({ ...speech, sources: [object] })).toEqual([
      "workers/events/wrangler.toml: events announces a.made and has no producer for the mailbox of users",
    ]);
  });

  it("find a mailbox where the table names one", () => {
    expect(findMailboxless(real())).toEqual([]);
    expect(findMailboxless({ ...real(), subscriptions: { "a.made": ["branding"] } })).toEqual(["branding consumes no mailbox"]);
  });
});
