/** Somebody is asked into an organizer's team. Names that people chose stand in it as text, never as a link or a subject of ours. */
import type { InvitationMail } from "../../shared/contracts/organizers";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { houseLook } from "./look";
import { type Composed, composeEach, type Mail, writeMail } from "./mail";
import { tongueOf } from "./words";

const PATH = "/organizers/invitations/accept";

export function composeInvitation(mail: InvitationMail, origin: string): Promise<Mail> {
  const tongue = tongueOf(mail.locale?.split("-")[0] ?? null);
  const { subject, sentences, link } = tongue.words.invitation;
  // Of whoever is gone since, or chose a name that reads like an address, the mail says the organizer's instead.
  const inviterName = greetable(mail.inviterName) ?? mail.organizerName;
  const lines = [tongue.words.hello(null), ...sentences({ ...mail, inviterName })];
  return writeMail({
    to: mail.to,
    tongue,
    look: houseLook(),
    subject: subject(mail.organizerName),
    blocks: [
      ...lines.map((text) => ({ kind: "text" as const, text })),
      { kind: "link", label: link, url: `${origin}${PATH}?token=${encodeURIComponent(mail.token)}` },
    ],
    data: { type: "invitation", token: mail.token },
  });
}

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
