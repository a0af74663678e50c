/** What auth has to say to the owner of an address. The token is derived there and asked for when the mail is written. */
import type { AccountMail } from "../../shared/contracts/accounts";
import type { ReadingHabits } from "../../shared/contracts/organizers";
import { readableMoment } from "../../shared/locale/moment";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { houseLook } from "./look";
import { type Composed, composeEach, type Mail, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { tongueOf } from "./words";

/** Mails that anybody may have sent to any address, with any name: they greet nobody by it. */
const UNASKED: readonly AccountMail["kind"][] = ["verification", "already_registered"];

type Habits = Omit<ReadingHabits, "userId">;

/** The pages that take a token; what comes with none leads nowhere. */
const PATHS: Partial<Record<AccountMail["kind"], string>> = {
  verification: "/auth/verify-email",
  password_reset: "/auth/reset-password",
  unlock: "/auth/unlock",
};

/** Whoever was in the account chose the name; nobody chooses the hint. */
function nameOfKey({ name, hint }: { name: string; hint: string }): string {
  const named = greetable(name);
  return named === null ? `${hint}…` : `${named} (${hint}…)`;
}

/** A security mail in the wrong language is better than none: who did not say, or whom nobody can ask about now, reads the first one. */
export const UNSAID = { locale: "", timezone: "UTC" };

export function composeAccountMail(mail: AccountMail, origin: string, habits: Habits = UNSAID): Promise<Mail> {
  const tongue = tongueOf(habits.locale.split("-")[0] ?? null);
  const { subject, sentences, link } = tongue.words.account[mail.kind];
  const path = PATHS[mail.kind];
  const text = (line: string): Block => ({ kind: "text", text: line });
  const blocks: Block[] = [
    text(tongue.words.hello(UNASKED.includes(mail.kind) ? null : greetable(mail.name ?? ""))),
    ...sentences.map(text),
  ];
  if (mail.done) {
    const { at, device, place } = mail.done;
    blocks.push(text(tongue.words.done(readableMoment(at, habits.timezone, tongue.locale), device, place)));
  }
  if (mail.apiKeys) blocks.push({ kind: "list", ...tongue.words.keysThatStay, items: mail.apiKeys.map(nameOfKey) });
  if (path && mail.token)
    blocks.push({ kind: "link", label: link, url: `${origin}${path}?token=${encodeURIComponent(mail.token)}` });
  return writeMail({
    to: mail.to,
    tongue,
    look: houseLook(),
    subject,
    blocks,
    data: { type: mail.kind, ...(mail.token ? { token: mail.token } : {}) },
  });
}

async function habitsOf(env: Env, mails: readonly AccountMail[]): Promise<Map<string, Habits>> {
  const ids = [...new Set(mails.map(({ accountId }) => accountId))];
  if (ids.length === 0) return new Map();
  const said = await env.USERS.readingHabits(ids).catch(() => []);
  return new Map(said.map(({ userId, ...habits }) => [userId, habits]));
}

/** By the mail's id. Auth leaves out those that are gone or whose token was used. */
export async function accountMails(env: Env, mailIds: string[]): Promise<Composed> {
  const mails = await env.AUTH.accountMails(mailIds);
  const known = new Set(mails.map(({ id }) => id));
  const habits = await habitsOf(env, mails);
  const composed = await composeEach(
    mails,
    (mail) => mail.id,
    (mail) => composeAccountMail(mail, env.API_ORIGIN, habits.get(mail.accountId)),
  );
  return { ...composed, unneeded: mailIds.filter((id) => !known.has(id)) };
}
