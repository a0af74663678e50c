import type { Envelope, MessageType } from "../contracts/messages";
import { Envelope as EnvelopeSchema } from "../contracts/messages";
import { utf8 } from "../crypto/bytes";
import { type Mailbox, SUBSCRIPTIONS } from "./subscriptions";

/** The producer bindings of a Worker, by mailbox; the generated environment has one for each mailbox that its messages reach. */
export type Mailboxes = Partial<Record<Mailbox, Queue>>;

/** A queue takes 100 messages a call … */
export const MAX_CALL_MESSAGES = 100;
/** … and 256 kB of them, of which each takes about 100 bytes more than its body. */
const CALL_BYTES = 240_000;
const MESSAGE_OVERHEAD_BYTES = 100;

/** Null for a type that this version of the Worker does not know: a newer one may have written it during a deploy (rule 28). */
export const readersOf = (type: string): readonly Mailbox[] | null =>
  Object.hasOwn(SUBSCRIPTIONS, type) ? SUBSCRIPTIONS[type as MessageType] : null;

/** The envelope of an outbox's row, null where this version cannot read it or has nobody to send it to: the row must stay. */
export function readEnvelope({ id, type, envelope }: { id: string; type: string; envelope: string }): Envelope | null {
  try {
    const read = EnvelopeSchema.parse(JSON.parse(envelope));
    // What is sent is what is deleted.
    return read.id === id && read.type === type && readersOf(type) !== null ? read : null;
  } catch {
    return null;
  }
}

/** Sends to every mailbox that listens. Returns the ids of what nothing is left to do for; throws when a queue did not take its part. */
export async function sendToMailboxes(mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<string[]> {
  const byMailbox = new Map<Mailbox, Envelope[]>();
  const sent: string[] = [];
  for (const envelope of envelopes) {
    const readers = readersOf(envelope.type);
    if (!readers) continue;
    sent.push(envelope.id);
    for (const mailbox of readers) byMailbox.set(mailbox, [...(byMailbox.get(mailbox) ?? []), envelope]);
  }
  await Promise.all(
    [...byMailbox].map(async ([mailbox, messages]) => {
      const queue = mailboxes[mailbox];
      if (!queue) throw new Error(`no producer binding for the mailbox of ${mailbox}`);
      for (const call of callsOf(messages)) await queue.sendBatch(call.map((body) => ({ body })));
    }),
  );
  return sent;
}

/** No call larger than a queue takes. */
function callsOf(messages: readonly Envelope[]): Envelope[][] {
  const calls: Envelope[][] = [];
  let bytes = CALL_BYTES;
  for (const message of messages) {
    const size = utf8(JSON.stringify(message)).byteLength + MESSAGE_OVERHEAD_BYTES;
    const call = calls.at(-1);
    if (!call || call.length === MAX_CALL_MESSAGES || bytes + size > CALL_BYTES) {
      calls.push([message]);
      bytes = size;
    } else {
      call.push(message);
      bytes += size;
    }
  }
  return calls;
}
