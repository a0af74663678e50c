/** `npm run dead-letters`: what mailboxes could not settle, and mails that were given up; here, or with `--remote` in the account that wrangler is signed in to. */
import { parseArgs } from "node:util";
import { isMain } from "./main.ts";
import { listParkedMails, type ParkedMail, requeueMails } from "./parked-mails.ts";
import {
  type Ask,
  askAccount,
  askLocally,
  dropParked,
  findParked,
  isParkedId,
  listParked,
  type ParkedMessage,
  type ParkedName,
  type ParkedSummary,
  type Place,
  readPlaces,
  requestReplay,
} from "./parked-messages.ts";
import { STATE_FOLDER } from "./state.ts";

const USAGE = `npm run dead-letters -- <command> [--mailbox <name>] [--remote] [--json]
  list                      what is parked, oldest first
  show <id>…                all that is known of it, with the message itself
  replay <id>… | --all      hands it over again; the Worker's next sweep does it
  drop <id>… --yes          forgets it for good, in one mailbox
  mails                     the mails that were given up, oldest first
  resend <id>… | --all      queues them again
--remote asks the deployed databases; --persist-to <folder> another local state than npm start's.`;

const LIST_LIMIT = 200;
const MAX_ERROR_CHARS = 80;

export interface Told {
  /** 0 done, 1 not found or failed, 2 not understood. */
  code: 0 | 1 | 2;
  text: string;
}
const told = (text: string, code: Told["code"] = 0): Told => ({ code, text });
const json = (value: unknown): string => JSON.stringify(value, null, 2);

const OPTIONS = {
  mailbox: { type: "string" },
  all: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  remote: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  "persist-to": { type: "string", default: STATE_FOLDER },
} as const;

const read = (args: string[]) => parseArgs({ args, options: OPTIONS, allowPositionals: true });
type Wishes = ReturnType<typeof read>["values"];

/** A message may say anything; a terminal would obey it. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, " ");
const moment = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const shorten = (text: string): string => (text.length > MAX_ERROR_CHARS ? `${text.slice(0, MAX_ERROR_CHARS - 1)}…` : text);

function columns(rows: readonly string[][]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, cell.length)), []);
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function tellList(parked: readonly ParkedSummary[], places: readonly Place[]): string {
  if (parked.length === 0) return "Nothing is parked.";
  const rows = parked.map(({ mailbox, id, type, reason, attempts, parked_at_ms, replay_requested_at_ms, error }) => [
    mailbox,
    id,
    printable(type ?? "-"),
    replay_requested_at_ms === null ? reason : "to be replayed",
    String(attempts),
    moment(parked_at_ms),
    shorten(printable(error)),
  ]);
  const full = places.filter(({ mailbox }) => parked.filter((message) => message.mailbox === mailbox).length === LIST_LIMIT);
  return [
    columns([["MAILBOX", "ID", "TYPE", "STATE", "TRIES", "PARKED", "LAST ERROR"], ...rows]),
    `${parked.length} parked.`,
    ...full.map(({ mailbox }) => `Only the oldest ${LIST_LIMIT} of ${mailbox}; there may be more.`),
  ].join("\n");
}

function tellMails(parked: readonly ParkedMail[]): string {
  if (parked.length === 0) return "No mail is parked.";
  const rows = parked.map(({ id, type, source_id, attempts, created_at_ms, settled_at_ms }) =>
    [id, type, source_id, String(attempts), moment(created_at_ms), moment(settled_at_ms)].map(printable),
  );
  const more = parked.length === LIST_LIMIT ? [`Only the oldest ${LIST_LIMIT}; there may be more.`] : [];
  return [columns([["ID", "MAIL", "OF", "TRIES", "OWED SINCE", "GIVEN UP"], ...rows]), `${parked.length} parked.`, ...more].join(
    "\n",
  );
}

const bodyOf = ({ body }: ParkedMessage): unknown => JSON.parse(body);

const tellMessage = (message: ParkedMessage): string => {
  const { mailbox, id, reason, type, dataschema, subject, error, attempts, parked_at_ms, tried_at_ms } = message;
  const asked = message.replay_requested_at_ms;
  const facts = { mailbox, id, type, dataschema, subject, reason, error, tries: String(attempts) };
  const times = {
    parked: moment(parked_at_ms),
    "last tried": moment(tried_at_ms),
    replay: asked && `asked for ${moment(asked)}`,
  };
  const lines = Object.entries({ ...facts, ...times }).map(([name, value]) => [name, printable(value || "-")]);
  // JSON.stringify has escaped what a terminal would obey, but for what stands above the ASCII range.
  return `${columns(lines)}\n${json(bodyOf(message)).replace(/[\u007f-\u009f]/g, " ")}`;
};

/** Names what was asked for and is nowhere, which is a failure, whatever became of the others. */
function tellChanged(changed: readonly ParkedName[], ids: readonly string[] | null, what: string, wishes: Wishes): Told {
  const missing = (ids ?? []).filter((id) => !changed.some((name) => name.id === id));
  const lines = [
    ...changed.map(({ mailbox, id }) => `${what}: ${mailbox} ${id}`),
    ...missing.map((id) => `Not parked${wishes.mailbox ? ` in ${wishes.mailbox}` : ""}: ${id}`),
  ];
  const text = wishes.json ? json({ changed, missing }) : lines.join("\n") || "Nothing is parked.";
  return told(text, missing.length > 0 ? 1 : 0);
}

/** Messages that more than one mailbox parked, and which: whoever looked at one of them has not looked at the other. */
const severallyParked = (parked: readonly ParkedName[]): string[] =>
  [...Map.groupBy(parked, ({ id }) => id)].flatMap(([id, rows]) =>
    rows.length > 1 ? [`${id} (${rows.map(({ mailbox }) => mailbox).join(", ")})`] : [],
  );

const COMMANDS: Record<string, (ask: Ask, places: Place[], ids: string[], wishes: Wishes) => Promise<Told>> = {
  async list(ask, places, ids, wishes) {
    if (ids.length > 0) return told(USAGE, 2);
    const parked = await listParked(ask, places, LIST_LIMIT);
    return told(wishes.json ? json(parked) : tellList(parked, places));
  },

  async show(ask, places, ids, wishes) {
    if (ids.length === 0) return told(USAGE, 2);
    const found = await findParked(ask, places, ids);
    const missing = ids.filter((id) => !found.some((message) => message.id === id));
    const lines = [...found.map(tellMessage), ...missing.map((id) => `Not parked: ${id}`)];
    const whole = found.map((message) => ({ ...message, body: bodyOf(message) }));
    return told(wishes.json ? json(whole) : lines.join("\n\n"), missing.length > 0 ? 1 : 0);
  },

  async replay(ask, places, ids, wishes) {
    if (wishes.all === ids.length > 0) return told(USAGE, 2);
    const wanted = wishes.all ? null : ids;
    const asked = await requestReplay(ask, places, wanted, Date.now());
    const { code, text } = tellChanged(asked, wanted, "To be replayed", wishes);
    const when = wishes.remote ? "within a minute" : "within seconds while npm start runs, else when it starts";
    return told(
      wishes.json || asked.length === 0 ? text : `${text}\nThe sweep does it ${when}; list shows what failed again.`,
      code,
    );
  },

  async drop(ask, places, ids, wishes) {
    if (ids.length === 0) return told(USAGE, 2);
    if (!wishes.yes) return told("A dropped message is gone for good: say --yes, and look at it with show before.", 2);
    const several = severallyParked(await findParked(ask, places, ids));
    if (several.length > 0) return told(`Each reader has parked it for itself: say --mailbox for ${several.join("; ")}.`, 2);
    return tellChanged(await dropParked(ask, places, ids), ids, "Dropped", wishes);
  },

  async mails(ask, places, ids, wishes) {
    if (ids.length > 0) return told(USAGE, 2);
    const parked = await listParkedMails(ask, places, LIST_LIMIT);
    return told(wishes.json ? json(parked) : tellMails(parked));
  },

  async resend(ask, places, ids, wishes) {
    if (wishes.all === ids.length > 0) return told(USAGE, 2);
    const wanted = wishes.all ? null : ids;
    return tellChanged(await requeueMails(ask, places, wanted, Date.now()), wanted, "To be sent", wishes);
  },
};

export async function deadLetters(args: string[], askWith: (wishes: Wishes) => Ask): Promise<Told> {
  let parsed: ReturnType<typeof read>;
  try {
    parsed = read(args);
  } catch (error) {
    return told(`${error instanceof Error ? error.message : error}\n${USAGE}`, 2);
  }
  const { values: wishes, positionals } = parsed;
  const [name = "", ...ids] = positionals;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) return told(USAGE, 2);
  const places = readPlaces().filter(({ mailbox }) => wishes.mailbox === undefined || mailbox === wishes.mailbox);
  if (places.length === 0) {
    const known = readPlaces().map(({ mailbox }) => mailbox);
    return told(`No such mailbox: ${wishes.mailbox}. There are ${known.join(", ")}.`, 2);
  }
  const odd = ids.filter((id) => !isParkedId(id));
  if (odd.length > 0) return told(`Not the id of a parked message: ${odd.map(printable).join(", ")}`, 2);
  try {
    return await command(askWith(wishes), places, ids, wishes);
  } catch (error) {
    return told(error instanceof Error ? error.message : String(error), 1);
  }
}

if (isMain(import.meta.url)) {
  const { code, text } = await deadLetters(process.argv.slice(2), ({ remote, "persist-to": state }) =>
    remote ? askAccount : askLocally(state),
  );
  (code === 0 ? console.log : console.error)(text);
  process.exitCode = code;
}
