import { Envelope, MESSAGES, type MessageData, type MessageType, schemaOf } from "../contracts/messages";
import { type ErrorContext, type ReportingEnv, reportError } from "../observability/report";

export interface Message<T extends MessageType> {
  id: string;
  type: T;
  subject: string;
  version: number;
  timeMs: number;
  traceparent: string | undefined;
  data: MessageData<T>;
}

/** What a Worker does with each message that reaches its mailbox; handlers are idempotent and do not rely on order (rule 21). */
export type MessageHandlers<Env> = { [T in MessageType]?: (env: Env, message: Message<T>) => Promise<void> };

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
  for (const message of batch.messages) {
    const envelope = Envelope.safeParse(message.body);
    const context: ErrorContext = { task: `queue ${batch.queue} ${envelope.success ? envelope.data.type : "unreadable"}` };
    try {
      if (!envelope.success) throw new Error("not an envelope");
      await handle(env, envelope.data, handlers);
      message.ack();
    } catch (error) {
      reportError(error, env, ctx, context);
      message.retry({ delaySeconds: delayOf(message.attempts) });
    }
  }
}

async function handle<Env>(env: Env, envelope: Envelope, handlers: MessageHandlers<Env>): Promise<void> {
  const type = envelope.type as MessageType;
  // The handler's parameter is the type's own message; the table guarantees it, the compiler cannot follow a union through it.
  const handler = handlers[type] as ((env: Env, message: Message<MessageType>) => Promise<void>) | undefined;
  if (!handler || envelope.dataschema !== schemaOf(type)) throw new Error(`no handler for ${envelope.dataschema}`);
  await handler(env, {
    id: envelope.id,
    type,
    subject: envelope.subject,
    version: envelope.version,
    timeMs: Date.parse(envelope.time),
    traceparent: envelope.traceparent,
    data: MESSAGES[type].data.parse(envelope.data) as MessageData<MessageType>,
  });
}
