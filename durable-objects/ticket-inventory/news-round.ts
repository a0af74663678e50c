/** The alarm's second task: what the object has to tell, its outbox and its feeds. */
import { ok } from "../../shared/contracts/result";
import { sendTaken, type Taken } from "../../shared/durable/outbox";
import type { Mailboxes } from "../../shared/queue/send";
import type { Commands } from "./commands";
import type { Round } from "./feed";

/** Runs a task whose failure keeps no other from its work; false when it failed. */
export type Attempt = (task: string, work: () => Promise<unknown>) => Promise<boolean>;

/** Written in one transaction, sent when that is durable, deleted when it was sent. What did not leave comes due by itself. */
export async function tellNews(commands: Commands, mailboxes: Mailboxes, attempt: Attempt): Promise<void> {
  const taken = await commands.run((nowMs) => {
    const terms = commands.known();
    const news = terms === null ? null : commands.news.take(terms, nowMs);
    const round = terms === null ? null : commands.feed.take(terms, nowMs);
    commands.clock.hasRung();
    return ok({ news, round });
  });
  if (!taken.ok) return;
  const { news, round } = taken.value;
  await Promise.all([
    attempt("send the news", () => send(commands, mailboxes, news)),
    attempt("tell the feeds", () => tellFeeds(commands, round)),
  ]);
}

async function send(commands: Commands, mailboxes: Mailboxes, taken: Taken | null): Promise<void> {
  if (taken === null) return;
  const { envelopes, unreadable, again } = taken;
  if (envelopes.length > 0) {
    const sent = await sendTaken(mailboxes, envelopes);
    await commands.run(() => ok(commands.news.forget(sent, again)));
  }
  if (unreadable.length > 0) throw new Error(`rows of the outbox cannot be read: ${unreadable.slice(0, 10).join(", ")}`);
}

async function tellFeeds(commands: Commands, round: Round | null): Promise<void> {
  if (round === null) return;
  const answers = await commands.feed.tell(round);
  await commands.run((nowMs) => ok(commands.feed.settle(round, answers, nowMs)));
}
