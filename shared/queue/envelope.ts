import { type Envelope, MESSAGES, type MessageData, type MessageType, schemaOf } from "../contracts/messages";
import { utf8 } from "../crypto/bytes";
import { uuidV7 } from "../crypto/uuid";

export interface Announcement<T extends MessageType> {
  type: T;
  /** The id of what changed. */
  subject: string;
  /** Grows with each change of the subject. */
  version: number;
  data: MessageData<T>;
  nowMs: number;
  traceparent?: string | undefined;
}

/** A queue takes 128 kB, of which it needs about 100 bytes itself. */
const MAX_MESSAGE_BYTES = 125_000;

/** A CloudEvents 1.0 envelope. What no reader or no queue would take throws here, before anything is committed. */
export function envelope<T extends MessageType>(source: `/${string}`, announcement: Announcement<T>): Envelope {
  const { type, subject, version, data, nowMs, traceparent } = announcement;
  const made: Envelope = {
    specversion: "1.0",
    id: uuidV7(nowMs),
    source,
    type,
    subject,
    time: new Date(nowMs).toISOString(),
    datacontenttype: "application/json",
    dataschema: schemaOf(type),
    ...(traceparent ? { traceparent } : {}),
    version,
    data: MESSAGES[type].data.parse(data),
  };
  const bytes = utf8(JSON.stringify(made)).byteLength;
  if (bytes > MAX_MESSAGE_BYTES) throw new RangeError(`${type} has ${bytes} bytes; a queue takes ${MAX_MESSAGE_BYTES}`);
  return made;
}
