/**
 * Listeners by the thousand, in a thread of their own so that the load generator does not wait for them: bare sockets that count what
 * comes (RFC 6455, 5.2) and read nothing of it, because two thousand browsers would not sit on the machine that sells.
 */
import { once } from "node:events";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { z } from "zod";

/** Upgrades under way at the same moment. */
const JOINING_TOGETHER = 100;

export interface Crowd {
  /** Text frames that all of them got since the last question. */
  heard(): Promise<number>;
  leave(): Promise<void>;
}

const Data = z.object({ url: z.string(), listeners: z.int() });

/** Resolves when all of them have been let in. */
export async function gatherCrowd(url: string, listeners: number): Promise<Crowd> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { url, listeners } });
  const said = async () => z.tuple([z.number()]).parse(await once(worker, "message"))[0];
  await said();
  return {
    heard: () => {
      const answer = said();
      worker.postMessage("heard?");
      return answer;
    },
    leave: async () => {
      await worker.terminate();
    },
  };
}

/** Server frames are not masked, and all of ours are text: a header, a length, the rest is skipped. */
function countFrames(counted: () => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    let bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (;;) {
      const skipped = Math.min(skip, bytes.length);
      skip -= skipped;
      bytes = bytes.subarray(skipped);
      const short = (bytes[1] ?? 0) & 127;
      const head = short < 126 ? 2 : 4;
      if (skip > 0 || bytes.length < head) break;
      skip = head + (short < 126 ? short : bytes.readUInt16BE(2));
      counted();
    }
    rest = Buffer.from(bytes);
  };
}

function join(url: string, counted: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request(url, {
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    asking.on("upgrade", (_answer, socket, head) => {
      const count = countFrames(counted);
      count(head);
      socket.on("data", count);
      socket.on("error", () => undefined);
      resolve();
    });
    asking.on("response", ({ statusCode }) => reject(new Error(`a listener was refused: ${statusCode}`)));
    asking.on("error", reject);
    asking.end();
  });
}

if (!isMainThread && parentPort) {
  const { url, listeners } = Data.parse(workerData);
  let frames = 0;
  const counted = () => {
    frames += 1;
  };
  for (let joined = 0; joined < listeners; joined += JOINING_TOGETHER)
    await Promise.all(Array.from({ length: Math.min(JOINING_TOGETHER, listeners - joined) }, () => join(url, counted)));
  parentPort.postMessage(listeners);
  parentPort.on("message", () => {
    parentPort?.postMessage(frames);
    frames = 0;
  });
}
