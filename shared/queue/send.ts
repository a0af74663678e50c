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

/** A message, and who has it already. */
export interface Letter {
  envelope: Envelope;
  sentTo: readonly Mailbox[];
}

/** Mailboxes that did not take what they were sent, with what was thrown. */
export type Down = Map<Mailbox, unknown>;

/**
 * Sends each message to every mailbox that listens and does not have it. Who fails is noted in `down` and not asked again, and keeps
 * nobody else from his part. Returns the letters as they then stand, those of unknown types unsent.
 */
export async function sendLetters(mailboxes: Mailboxes, letters: readonly Letter[], down: Down): Promise<Letter[]> {
  const byMailbox = new Map<Mailbox, Envelope[]>();
  for (const { envelope, sentTo } of letters)
    for (const mailbox of readersOf(envelope.type) ?? [])
      if (!sentTo.includes(mailbox)) byMailbox.set(mailbox, [...(byMailbox.get(mailbox) ?? []), envelope]);
  const taken = new Map<string, Mailbox[]>();
  await Promise.all(
    [...byMailbox].map(async ([mailbox, messages]) => {
      if (down.has(mailbox)) return;
      try {
        const queue = mailboxes[mailbox];
        if (!queue) throw new Error(`no producer binding for the mailbox of ${mailbox}`);
        for (const call of callsOf(messages)) {
          await queue.sendBatch(call.map((body) => ({ body })));
          for (const { id } of call) taken.set(id, [...(taken.get(id) ?? []), mailbox]);
        }
      } catch (error) {
        down.set(mailbox, error);
      }
    }),
  );
  return letters.map(({ envelope, sentTo }) => ({ envelope, sentTo: [...sentTo, ...(taken.get(envelope.id) ?? [])] }));
}

export const isDelivered = ({ envelope, sentTo }: Letter): boolean =>
  readersOf(envelope.type)?.every((mailbox) => sentTo.includes(mailbox)) ?? false;

/** What is reported of mailboxes that failed, null where none did. */
export function failureOf(down: Down): Error | null {
  const said = [...down].map(([mailbox, error]) => `${mailbox}: ${error instanceof Error ? error.message : error}`);
  return said.length === 0 ? null : new Error(`a mailbox took nothing: ${said.join("; ")}`, { cause: [...down.values()][0] });
}

/** Sends to every mailbox that listens. Returns the ids of what nothing is left to do for; throws when a queue did not take its part. */
export async function sendToMailboxes(mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<string[]> {
  const down: Down = new Map();
  const sent = await sendLetters(
    mailboxes,
    envelopes.map((envelope) => ({ envelope, sentTo: [] })),
    down,
  );
  const failure = failureOf(down);
  if (failure) throw failure;
  return sent.filter(isDelivered).map(({ envelope }) => envelope.id);
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
