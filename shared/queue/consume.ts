import { Envelope, MESSAGES, type MessageData, type MessageType, schemaOf } from "../contracts/messages";
import { type ReportingEnv, reportError } from "../observability/report";

export interface Message<T extends MessageType> {
  id: string;
  type: T;
  subject: string;
  version: number;
  timeMs: number;
  traceparent: string | undefined;
  data: MessageData<T>;
}

export interface MessageHandler<Env, T extends MessageType> {
  (env: Env, message: Message<T>): Promise<void>;
  /** All messages of the type in one batch, or none: made by `together`. */
  all?: (env: Env, messages: readonly Message<T>[]) => Promise<void>;
}

/** What a Worker does with each message that reaches its mailbox; handlers are idempotent and do not rely on order (rule 21). */
export type MessageHandlers<Env> = { [T in MessageType]?: MessageHandler<Env, T> };

/** A handler that takes what a batch has of its type at once: one statement for a hundred sales. When that fails, each by itself. */
export const together = <Env, T extends MessageType>(
  all: (env: Env, messages: readonly Message<T>[]) => Promise<void>,
): MessageHandler<Env, T> => Object.assign((env: Env, message: Message<T>) => all(env, [message]), { all });

const FIRST_DELAY_SECONDS = 5;
const LAST_DELAY_SECONDS = 3600;

/** Growing with each try, with up to a quarter of jitter so that a burst does not come back as one. */
const delayOf = (attempts: number): number =>
  Math.round(Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), LAST_DELAY_SECONDS) * (1 + Math.random() / 4));

/**
 * Each message is acknowledged or retried by itself: one that throws neither takes its batch along nor is lost with it. A type or a
 * version that this Worker does not know yet is retried too, and ends in the dead-letter queue, from where it can be replayed.
 */
export async function consumeBatch<Env extends ReportingEnv>(
  batch: MessageBatch,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  handlers: MessageHandlers<Env>,
): Promise<void> {
  const report = (error: unknown, type: string) => reportError(error, env, ctx, { task: `queue ${batch.queue} ${type}` });
  const retry = (queued: QueuedMessage, error: unknown, type: string) => {
    report(error, type);
    queued.retry({ delaySeconds: delayOf(queued.attempts) });
  };

  const known = new Map<MessageType, Received[]>();
  for (const queued of batch.messages) {
    const envelope = Envelope.safeParse(queued.body);
    try {
      if (!envelope.success) throw new Error("not an envelope");
      const message = messageOf(envelope.data, handlers);
      known.set(message.type, [...(known.get(message.type) ?? []), { queued, message }]);
    } catch (error) {
      retry(queued, error, envelope.success ? envelope.data.type : "unreadable");
    }
  }
  for (const [type, received] of known) {
    // The handler's parameter is the type's own message; the table guarantees it, the compiler cannot follow a union through it.
    const handler = handlers[type] as MessageHandler<Env, MessageType>;
    if (handler.all && received.length > 1) {
      try {
        await handler.all(
          env,
          received.map(({ message }) => message),
        );
        for (const { queued } of received) queued.ack();
        continue;
      } catch (error) {
        report(error, type);
      }
    }
    for (const { queued, message } of received) {
      try {
        await handler(env, message);
        queued.ack();
      } catch (error) {
        retry(queued, error, type);
      }
    }
  }
}

type QueuedMessage = MessageBatch["messages"][number];
interface Received {
  queued: QueuedMessage;
  message: Message<MessageType>;
}

function messageOf<Env>(envelope: Envelope, handlers: MessageHandlers<Env>): Message<MessageType> {
  const type = envelope.type as MessageType;
  if (!handlers[type] || envelope.dataschema !== schemaOf(type)) throw new Error(`no handler for ${envelope.dataschema}`);
  return {
    id: envelope.id,
    type,
    subject: envelope.subject,
    version: envelope.version,
    timeMs: Date.parse(envelope.time),
    traceparent: envelope.traceparent,
    data: MESSAGES[type].data.parse(envelope.data) as MessageData<MessageType>,
  };
}
