/** The sockets of one shard. They outlive the object in memory (hibernation), so that whatever is known of one stands in its attachment. */
import { z } from "zod";

/** Of one shard; the next ones take the others. */
export const MAX_LISTENERS = 1_000;
/** Of one network on one shard, so that nobody takes all places of an event. */
export const MAX_LISTENERS_A_NETWORK = 100;
/**
 * A listener who has not said `ping` for this long is taken for dead. workerd does not tell how much waits for one to read it, so that
 * this bounds it: four frames a second of some 200 bytes are half a megabyte.
 */
export const SILENT_AFTER_MS = 10 * 60_000;
/** A membership may have ended: who listens to a private event proves himself again this often. */
export const INSIDER_MS = 10 * 60_000;

/** RFC 6455, 7.4.1, and the registry beside it. */
export const CLOSE = { over: 1000, leaving: 1001, refused: 1008, again: 1012 } as const;

const Attachment = z.object({ insider: z.boolean(), joinedAtMs: z.number() });
type Attachment = z.infer<typeof Attachment>;

export class Listeners {
  readonly #ctx: DurableObjectState;

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
  }

  #open(): WebSocket[] {
    return this.#ctx.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN);
  }

  count(): number {
    return this.#open().length;
  }

  hasRoomFor(network: string | null): boolean {
    if (this.#ctx.getWebSockets().length >= MAX_LISTENERS) return false;
    return network === null || this.#ctx.getWebSockets(network).length < MAX_LISTENERS_A_NETWORK;
  }

  /** Answers the client's end, for a 101. */
  add(network: string | null, attachment: Attachment): { client: WebSocket; server: WebSocket } {
    const { 0: client, 1: server } = new WebSocketPair();
    this.#ctx.acceptWebSocket(server, network === null ? [] : [network]);
    server.serializeAttachment(attachment);
    return { client, server };
  }

  /** Waits for nobody. Answers how many it was sent to. */
  send(text: string): number {
    let listeners = 0;
    for (const socket of this.#open()) {
      try {
        socket.send(text);
        listeners += 1;
      } catch {
        // It broke while it was written to; the platform tells us that it has closed.
      }
    }
    return listeners;
  }

  closeAll(code: number, reason: string): void {
    for (const socket of this.#open()) close(socket, code, reason);
  }

  /** The event is no longer everybody's. */
  closeOutsiders(): void {
    for (const socket of this.#open()) {
      if (attachmentOf(socket)?.insider !== true) close(socket, CLOSE.refused, "private");
    }
  }

  /** Those who say nothing any more, and of a private event those who have to prove themselves again. */
  closeOverdue(isPublic: boolean, nowMs: number): void {
    for (const socket of this.#open()) {
      const joinedAtMs = attachmentOf(socket)?.joinedAtMs ?? 0;
      const heardAtMs = this.#ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? joinedAtMs;
      if (nowMs - Math.max(joinedAtMs, heardAtMs) >= SILENT_AFTER_MS) close(socket, CLOSE.leaving, "silent");
      else if (!isPublic && nowMs - joinedAtMs >= INSIDER_MS) close(socket, CLOSE.again, "come again");
    }
  }
}

const attachmentOf = (socket: WebSocket): Attachment | undefined => Attachment.safeParse(socket.deserializeAttachment()).data;

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It was gone already.
  }
}
