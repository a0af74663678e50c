/** A listener outside: a real WebSocket over the network, and a bare handshake for what is refused. */
import { request } from "node:http";
import { AvailabilityFrame } from "../../shared/contracts/availability";

export interface LiveListener {
  /** What came, oldest first. */
  frames: AvailabilityFrame[];
  /** Of the first ticket type, as the newest frame that names it has it. */
  level(): number | undefined;
  closed(): { code: number; reason: string } | null;
  send(text: string): void;
  /** Answers that are no frames: `pong`. */
  words: string[];
  close(): void;
}

export const liveUrl = (origin: string, eventId: string): string =>
  `${origin.replace(/^http/, "ws")}/v1/events/${eventId}/availability`;

/** Node's own client, which takes headers where a browser's does not. Rejects when the upgrade is refused. */
export function listenLive(url: string, headers: Record<string, string> = {}): Promise<LiveListener> {
  const socket = new WebSocket(url, { headers } as unknown as string[]);
  const frames: AvailabilityFrame[] = [];
  const words: string[] = [];
  let closed: { code: number; reason: string } | null = null;
  socket.addEventListener("message", ({ data }: { data: unknown }) => {
    const text = String(data);
    if (text.startsWith("{")) frames.push(AvailabilityFrame.parse(JSON.parse(text)));
    else words.push(text);
  });
  socket.addEventListener("close", ({ code, reason }) => {
    closed = { code, reason };
  });
  return new Promise((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error(`no upgrade: ${url}`)));
    socket.addEventListener("open", () =>
      resolve({
        frames,
        words,
        level: () => frames.findLast(({ data }) => data.length > 0)?.data[0]?.available,
        closed: () => closed,
        send: (text) => socket.send(text),
        close: () => socket.close(1000),
      }),
    );
  });
}

export interface Handshake {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The first frame of an upgrade, or the body of a refusal. */
  text: string;
}

/** Any host and header, as a WebSocket client never would. The key is the one of RFC 6455, 1.3. */
export function shakeHands(
  origin: string,
  path: string,
  { headers = {} }: { headers?: Record<string, string> } = {},
): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const asking = request(new URL(path, origin).href, {
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        ...headers,
      },
    });
    asking.on("upgrade", ({ statusCode = 0, headers: answered }, socket, head) => {
      let bytes = head;
      const read = () => {
        const text = textOf(bytes);
        if (text === null) return;
        socket.destroy();
        resolve({ status: statusCode, headers: answered, text });
      };
      socket.on("data", (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        read();
      });
      read();
      socket.on("error", reject);
    });
    asking.on("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    asking.on("error", reject);
    asking.end();
  });
}

/** Of one unmasked text frame below 64 KiB (RFC 6455, 5.2); null while it is not all there. */
function textOf(bytes: Buffer): string | null {
  if (bytes.length < 4) return null;
  const short = (bytes[1] ?? 0) & 127;
  const [start, length] = short < 126 ? [2, short] : [4, bytes.readUInt16BE(2)];
  return bytes.length < start + length ? null : bytes.toString("utf8", start, start + length);
}
