/** Who says what to whom: readers by the table of subscriptions, handlers and producers by what the Workers' files say. */
import type { WorkerFiles } from "../../shared/scripts/configurations.ts";
import type { Source } from "../support/sources";

export interface Speech {
  types: string[];
  subscriptions: Record<string, readonly string[]>;
  workers: WorkerFiles[];
  sources: Source[];
}

const mentions = (text: string, type: string): boolean => text.includes(`"${type}"`);
const handlersPath = (domain: string): string => `workers/${domain}/message-handlers.ts`;

export const findUnread = ({ types, subscriptions }: Speech): string[] =>
  types.filter((type) => (subscriptions[type] ?? []).length === 0).map((type) => `nobody reads ${type}`);

/** Both ways: who listens can handle it, and who handles it is told. */
export function findUnhandled({ types, subscriptions, sources }: Speech): string[] {
  const textOf = (domain: string) => sources.find(({ path }) => path === handlersPath(domain))?.text ?? "";
  const readers = new Set(Object.values(subscriptions).flat());
  return types.flatMap((type) =>
    [...readers].flatMap((domain) => {
      const told = (subscriptions[type] ?? []).includes(domain);
      const handled = mentions(textOf(domain), type);
      if (told === handled) return [];
      return [
        told
          ? `${handlersPath(domain)} does not know ${type}`
          : `${handlersPath(domain)} waits for ${type}, which it is never sent`,
      ];
    }),
  );
}

const kebab = (name: string): string => name.replaceAll(/(?<!^)([A-Z])/g, "-$1").toLowerCase();

/** The Worker's folder and those of its objects. */
export const codeFoldersOf = ({ folder, configuration }: WorkerFiles): string[] => [
  folder,
  ...Object.keys(configuration.exports).map((name) => `durable-objects/${kebab(name)}`),
];

/** Domains whose own code names the message: they announce it, unless they are among its readers. */
function announcersOf({ sources, subscriptions, workers }: Speech, type: string): WorkerFiles[] {
  const readers = subscriptions[type] ?? [];
  return workers.filter(
    (worker) =>
      !readers.includes(worker.domain) &&
      codeFoldersOf(worker).some((folder) =>
        sources.some(({ path, text }) => path.startsWith(`${folder}/`) && mentions(text, type)),
      ),
  );
}

export const findUnannounced = (speech: Speech): string[] =>
  speech.types.filter((type) => announcersOf(speech, type).length === 0).map((type) => `nobody announces ${type}`);

export const findUndeliverable = (speech: Speech): string[] =>
  speech.types.flatMap((type) =>
    announcersOf(speech, type).flatMap(({ domain, configPath, configuration }) =>
      (speech.subscriptions[type] ?? [])
        .filter((mailbox) => !configuration.queues.producers.some(({ queue }) => queue === `bilten-${mailbox}-mailbox`))
        .map((mailbox) => `${configPath}: ${domain} announces ${type} and has no producer for the mailbox of ${mailbox}`),
    ),
  );

export const findMailboxless = ({ subscriptions, workers }: Speech): string[] =>
  [...new Set(Object.values(subscriptions).flat())]
    .filter(
      (mailbox) =>
        !workers.some(
          ({ domain, configuration }) =>
            domain === mailbox && configuration.queues.consumers.some(({ queue }) => queue === `bilten-${mailbox}-mailbox`),
        ),
    )
    .map((mailbox) => `${mailbox} consumes no mailbox`);
