/**
 * Somebody is asked into an organizer's team, or taken in. Anybody makes organizers and chooses their names and his own: they stand in
 * the text where they read like names, never in a link or a subject.
 */
import type { InvitationMail } from "../../shared/contracts/organizers";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { houseLook } from "./look";
import { type Composed, composeEach, type Mail, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { tongueOf } from "./words";

const PATH = "/organizers/invitations/accept";

export function composeInvitation(mail: InvitationMail, origin: string): Promise<Mail> {
  const tongue = tongueOf(mail.locale?.split("-")[0] ?? null);
  const { invitation, addition, hello } = tongue.words;
  const { subject, sentences } = mail.token === null ? addition : invitation;
  const named = greetable(mail.organizerName);
  // Of whoever is gone since, or chose a name that reads like an address, the mail says the organizer's instead.
  const inviterName = greetable(mail.inviterName) ?? named ?? invitation.somebody;
  const organizerName = named ?? invitation.someOrganizer;
  const lines = [hello(null), ...sentences({ organizerName, inviterName, role: mail.role })];
  return writeMail({
    to: mail.to,
    tongue,
    look: houseLook(),
    subject,
    blocks: [...lines.map((text) => ({ kind: "text" as const, text })), ...linkOf(mail.token, invitation.link, origin)],
    data: mail.token === null ? { type: "member_added" } : { type: "invitation", token: mail.token },
  });
}

/** Who was taken in has nothing to accept. */
const linkOf = (token: string | null, label: string, origin: string): Block[] =>
  token === null ? [] : [{ kind: "link", label, url: `${origin}${PATH}?token=${encodeURIComponent(token)}` }];

/** By the invitation's id. Users leaves out those that were accepted, taken back or are over. */
export async function invitationMails(env: Env, ids: string[]): Promise<Composed> {
  const mails = await env.USERS.invitationMails(ids);
  const known = new Set(mails.map(({ id }) => id));
  const composed = await composeEach(
    mails,
    (mail) => mail.id,
    (mail) => composeInvitation(mail, env.API_ORIGIN),
  );
  return { ...composed, unneeded: ids.filter((id) => !known.has(id)) };
}
