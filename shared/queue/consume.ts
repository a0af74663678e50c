import type { z } from "zod";
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
/** What every mailbox's wrangler.toml says (test/house); with these delays about an hour and a half of tries. */
export const MAX_RETRIES = 10;

/** Growing with each try, with up to a quarter of jitter so that a burst does not come back as one. */
export const delayOf = (attempts: number): number =>
  Math.round(Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), LAST_DELAY_SECONDS) * (1 + Math.random() / 4));

export interface Failure {
  /** `unknown` is a type or a version that another version of this Worker may know (rule 28). */
  reason: "unreadable" | "unknown" | "failed";
  envelope: Envelope | null;
  error: unknown;
}

/** Keeps what was tried for the last time where somebody can see it. Throws when it could not. */
export type Park = (body: unknown, failure: Failure, attempts: number) => Promise<void>;

/**
 * Each message is acknowledged or retried by itself: one that throws neither takes its batch along nor is lost with it. What its last
 * delivery could not settle is parked, and only then acknowledged; what cannot be parked goes on to the dead-letter queue.
 */
export async function consumeBatch<Env extends ReportingEnv>(
  batch: MessageBatch,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  handlers: MessageHandlers<Env>,
  park: Park,
): Promise<void> {
  const report = (error: unknown, type: string) => reportError(error, env, ctx, { task: `queue ${batch.queue} ${type}` });
  const fail = async (queued: QueuedMessage, failure: Failure) => {
    const type = failure.envelope?.type ?? failure.reason;
    report(failure.error, type);
    if (queued.attempts > MAX_RETRIES) {
      try {
        await park(queued.body, failure, queued.attempts);
        return queued.ack();
      } catch (error) {
        report(error, `park ${type}`);
      }
    }
    queued.retry({ delaySeconds: delayOf(queued.attempts) });
  };

  const known = new Map<MessageType, Received[]>();
  for (const queued of batch.messages) {
    const read = readMessage(queued.body, handlers);
    if ("reason" in read) await fail(queued, read);
    else known.set(read.message.type, [...(known.get(read.message.type) ?? []), { queued, ...read }]);
  }
  for (const [type, received] of known) {
    const handler = handlerOf(handlers, type);
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
    for (const { queued, envelope, message } of received) {
      try {
        await handler(env, message);
        queued.ack();
      } catch (error) {
        await fail(queued, { reason: "failed", envelope, error });
      }
    }
  }
}

type QueuedMessage = MessageBatch["messages"][number];
interface Read {
  envelope: Envelope;
  message: Message<MessageType>;
}
interface Received extends Read {
  queued: QueuedMessage;
}

/** The handler's parameter is the type's own message; the table guarantees it, the compiler cannot follow a union through it. */
export const handlerOf = <Env>(handlers: MessageHandlers<Env>, type: MessageType): MessageHandler<Env, MessageType> =>
  handlers[type] as MessageHandler<Env, MessageType>;

/** What a body says, if this version of the Worker can read it and has a handler for it. */
export function readMessage<Env>(body: unknown, handlers: MessageHandlers<Env>): Read | Failure {
  const parsed = Envelope.safeParse(body);
  if (!parsed.success) return { reason: "unreadable", envelope: null, error: new Error("not an envelope") };
  const envelope = parsed.data;
  const type = envelope.type as MessageType;
  if (!Object.hasOwn(handlers, type) || envelope.dataschema !== schemaOf(type))
    return { reason: "unknown", envelope, error: new Error(`no handler for ${envelope.dataschema}`) };
  const data = MESSAGES[type].data.safeParse(envelope.data);
  if (!data.success) return { reason: "failed", envelope, error: new Error(misfitOf(data.error)) };
  const { id, subject, version, traceparent } = envelope;
  const timeMs = Date.parse(envelope.time);
  return { envelope, message: { id, type, subject, version, timeMs, traceparent, data: data.data as MessageData<MessageType> } };
}

/** What zod says of a member, and of which, but not what stood there. */
const misfitOf = ({ issues }: z.ZodError): string =>
  `the data is of another form: ${issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`;
