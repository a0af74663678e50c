/** What the object talks to, as far as it matters here: its queue, the feeds of its listeners, and the log of what went wrong. */
import type { StockNews } from "../../shared/contracts/feed.ts";
import type { Envelope } from "../../shared/contracts/messages.ts";
import { agree, Difference } from "./inventory-command.ts";
import { type Model, sumOf } from "./inventory-model.ts";
import type { Ground } from "./inventory-storage.ts";

// Nobody waits here: what would take its time is there at once, and what would be too late never comes.
Object.assign(globalThis, { scheduler: { wait: (ms: number) => (ms === 0 ? Promise.resolve() : new Promise(() => undefined)) } });

export class Outside {
  isDown = false;
  readonly #messages: Envelope[] = [];
  readonly #heard: Map<number, StockNews>;
  readonly #wrongs: string[] = [];

  /** `heard`: what each shard of the feed was told last. */
  constructor(heard: Map<number, StockNews>) {
    this.#heard = heard;
  }

  environment(): unknown {
    console.error = (...words: unknown[]) => {
      if (!this.isDown)
        this.#wrongs.push(words.map((word) => (word instanceof Error ? (word.stack ?? word.message) : String(word))).join(" "));
    };
    const mailbox = {
      sendBatch: async (messages: readonly { body: Envelope }[]) => {
        if (this.isDown) throw new Error("the queue is down");
        this.#messages.push(...messages.map(({ body }) => body));
      },
    };
    return {
      ENVIRONMENT: "production",
      ANALYTICS_MAILBOX: mailbox,
      // Takes what is told to those who wait, which nobody reads here.
      NOTIFICATIONS_MAILBOX: { sendBatch: async () => undefined },
      AVAILABILITY_FEED: {
        getByName: (name: string) => ({
          tell: async (news: StockNews) => {
            if (this.isDown) throw new Error("the feed is down");
            this.#heard.set(Number(name.split(":")[1]), news);
            return { listeners: 1 };
          },
        }),
      },
    };
  }

  /** Nothing goes wrong by itself, and no message is older than the one before it. */
  check(): void {
    if (this.#wrongs.length > 0) throw new Difference(`the object complains: ${this.#wrongs.join("; ")}`);
  }

  checkQuiet({ storage }: Ground, model: Model): void {
    const left = storage.sql.exec("SELECT type FROM outbox").toArray();
    agree("news that has not left", left, []);
    const versions = new Map<string, number>();
    for (const { subject = "", version = 0 } of this.#messages) {
      if (version < (versions.get(subject) ?? 0)) throw new Difference(`${subject} was told of version ${version} too late`);
      versions.set(subject, version);
    }
    const available = Object.fromEntries(model.available());
    const sold = model.pools();
    const stock = this.#messages.findLast(({ type }) => type === "inventory.availability_changed");
    const told = stock?.data as { ticketTypes: { ticketTypeId: string; available: number; sold: number }[] } | undefined;
    agree(
      "what is left, as it was told last",
      told?.ticketTypes.map((type) => [type.ticketTypeId, type.available, type.sold]),
      model.config.ticketTypes.map(({ id }) => {
        if (model.state !== "cancelled") return [id, available[id], sold.get(id)?.sold ?? null];
        // Nothing can be had of it, and what is out is what nobody has taken back.
        const out = model.tickets.filter(({ ticketTypeId, status }) => ticketTypeId === id && status !== "void");
        return [id, 0, sold.has(id) ? out.length : null];
      }),
    );
    const admissions = this.#messages.findLast(({ type }) => type === "admissions.counted");
    const quarters = (admissions?.data as { quarters: { admitted: number }[] } | undefined)?.quarters ?? [];
    agree(
      "who was let in, as it was told last",
      sumOf(quarters.map(({ admitted }) => admitted)),
      model.tickets.filter(({ status }) => status === "admitted").length,
    );
    for (const { shard } of storage.sql.exec<{ shard: number }>("SELECT shard FROM feed_shards").toArray()) {
      const types = this.#heard.get(shard)?.availability.ticketTypes;
      agree(
        `what shard ${shard} has heard`,
        Object.fromEntries(types?.map((type) => [type.ticketTypeId, type.available]) ?? []),
        available,
      );
    }
  }
}
