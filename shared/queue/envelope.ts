import { type Envelope, MESSAGES, type MessageData, type MessageType, schemaOf } from "../contracts/messages";
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

/** A CloudEvents 1.0 envelope; data that does not fit its published form throws here, before anything is committed. */
export function envelope<T extends MessageType>(source: `/${string}`, announcement: Announcement<T>): Envelope {
  const { type, subject, version, data, nowMs, traceparent } = announcement;
  return {
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
}
