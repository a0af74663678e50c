/** `AvailabilityFeed`, one shard of those who watch an event sell (rule 14). It decides nothing and sells nothing. */
import { DurableObject } from "cloudflare:workers";
import {
  type AvailabilityFeedRpc,
  FEED_RENEWAL_MS,
  type FedInventoryRpc,
  JOINING_HEADER,
  Joining,
  type StockNews,
} from "../../shared/contracts/feed";
import { hasSchema, migrateSchema } from "../../shared/durable/migrations";
import { reportError } from "../../shared/observability/report";
import { changeFrame, stateFrame } from "./frames";
import { CLOSE, Listeners } from "./listeners";
import { FEED_SCHEMA } from "./migrations";
import { forgetRegistration, keepRegistration, readSelf } from "./self";

/** From the last listener's leaving to giving the registration back: a page that is loaded anew comes back at once. */
const EMPTY_AFTER_MS = 10_000;
/** Those who leave within this time are one look. */
const LEAVING_TOGETHER_MS = 500;
/** Before the next alarm, when one could not do its work. */
const ALARM_RETRY_MS = 30_000;

export interface AvailabilityFeedEnv {
  TICKET_INVENTORY: { getByName(name: string): FedInventoryRpc };
  ENVIRONMENT: string;
  SENTRY_DSN?: string;
}

const refused = (status: 404 | 409 | 503): Response => new Response(null, { status });

export class AvailabilityFeed extends DurableObject<AvailabilityFeedEnv> implements AvailabilityFeedRpc {
  readonly #listeners: Listeners;
  /** What all who listen here have been told; null after a start, when nobody remembers. */
  #news: StockNews | null = null;
  /** Until then the event's object is known to tell this shard everything, so that a newcomer costs no question. */
  #registeredUntilMs = Number.NEGATIVE_INFINITY;
  #isLookingForOthers = false;
  #asking: Promise<StockNews | null> | null = null;

  constructor(ctx: DurableObjectState, env: AvailabilityFeedEnv) {
    super(ctx, env);
    this.#listeners = new Listeners(ctx);
    // Answered by the platform: a ping wakes nobody.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    if (hasSchema(ctx.storage.sql)) migrateSchema(ctx.storage, FEED_SCHEMA);
  }

  /** For the upgrade only. 503: this shard is full; 404: no such event for this caller; 409: the event was never on sale. */
  override async fetch(request: Request): Promise<Response> {
    const { eventId, shard, insider, network } = Joining.parse(JSON.parse(request.headers.get(JOINING_HEADER) ?? "null"));
    if (!this.#listeners.hasRoomFor(network)) return refused(503);
    const news = await this.#current(eventId, shard);
    if (news === null) return refused(409);
    if (!news.availability.isPublic && !insider) return refused(404);
    // Others have come while the event was asked.
    if (!this.#listeners.hasRoomFor(network)) return refused(503);
    const { client, server } = this.#listeners.add(network, { insider, joinedAtMs: Date.now() });
    server.send(stateFrame(news));
    if (news.state !== "open") server.close(CLOSE.over, news.state);
    return new Response(null, { status: 101, webSocket: client });
  }

  async tell(news: StockNews): Promise<{ listeners: number }> {
    this.#hear(news);
    const listeners = this.#listeners.count();
    if (listeners === 0) await this.#rest();
    return { listeners };
  }

  override async webSocketMessage(socket: WebSocket): Promise<void> {
    socket.close(CLOSE.refused, "send nothing but ping");
  }

  override async webSocketClose(): Promise<void> {
    await this.#left();
  }

  override async webSocketError(): Promise<void> {
    await this.#left();
  }

  /** Renews the registration, with what was missed if anything was, or gives it back. */
  override async alarm(): Promise<void> {
    const self = readSelf(this.ctx.storage);
    if (self === null) return;
    try {
      const news = this.#listeners.count() === 0 ? null : await this.#ask(self.event_id, self.shard);
      if (news !== null) this.#listeners.closeOverdue(news.availability.isPublic, Date.now());
      // Who came while that was asked has registered the shard anew.
      if (this.#listeners.count() > 0) return;
      this.#registeredUntilMs = Number.NEGATIVE_INFINITY;
      const { registration } = readSelf(this.ctx.storage) ?? self;
      if (registration === null) return;
      await this.env.TICKET_INVENTORY.getByName(self.event_id).unlisten(self.shard, registration);
      if (readSelf(this.ctx.storage)?.registration === registration) await this.#rest();
    } catch (error) {
      reportError(error, this.env, this.ctx, { task: "alarm: renew the registration" });
      await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }

  async #current(eventId: string, shard: number): Promise<StockNews | null> {
    return this.#news !== null && Date.now() < this.#registeredUntilMs ? this.#news : this.#ask(eventId, shard);
  }

  /** Once for all who come at the same moment. Null for an event that nobody has opened. */
  #ask(eventId: string, shard: number): Promise<StockNews | null> {
    this.#asking ??= this.#listen(eventId, shard).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #listen(eventId: string, shard: number): Promise<StockNews | null> {
    const answer = await this.env.TICKET_INVENTORY.getByName(eventId).listen(shard);
    if (!answer.ok) return null;
    const { news, registration, isNew } = answer.value;
    if (registration !== null) {
      keepRegistration(this.ctx.storage, eventId, shard, registration);
      const renewAtMs = Date.now() + FEED_RENEWAL_MS;
      await this.ctx.storage.setAlarm(renewAtMs);
      this.#registeredUntilMs = renewAtMs;
    }
    // After a start nobody knows what those who listen were told; of a shard that was registered all the time, everything.
    if (this.#news === null && !isNew && news.state === "open") this.#news = news;
    else this.#hear(news);
    return this.#news ?? news;
  }

  #hear(news: StockNews): void {
    const before = this.#news;
    if (before !== null && news.version <= before.version) return;
    this.#news = news;
    if (!news.availability.isPublic) this.#listeners.closeOutsiders();
    const frame = changeFrame(before, news);
    if (frame !== null) this.#listeners.send(frame);
    if (news.state !== "open") this.#listeners.closeAll(CLOSE.over, news.state);
  }

  /** A look at all sockets for each that leaves would take seconds when a thousand do. Where this is cut off the next renewal looks. */
  async #left(): Promise<void> {
    if (this.#isLookingForOthers) return;
    this.#isLookingForOthers = true;
    await scheduler.wait(LEAVING_TOGETHER_MS);
    this.#isLookingForOthers = false;
    if (this.#listeners.count() === 0) await this.ctx.storage.setAlarm(Date.now() + EMPTY_AFTER_MS);
  }

  /** Nobody listens and nothing more is told: whoever comes next registers anew. */
  async #rest(): Promise<void> {
    this.#registeredUntilMs = Number.NEGATIVE_INFINITY;
    if (readSelf(this.ctx.storage) === null) return;
    forgetRegistration(this.ctx.storage);
    await this.ctx.storage.deleteAlarm();
  }
}
