/** What auth has to say to the owner of an address. The token is derived there and asked for when the mail is written. */
import { html } from "hono/html";
import type { AccountMail } from "../../shared/contracts/accounts";
import type { Env } from "./environment";
import { type Composed, composeEach, htmlPage, type Mail } from "./mail";

interface Wording {
  subject: string;
  sentences: string[];
  /** The page that takes the token, and what its link says. */
  link?: { path: string; label: string };
}

const WORDING: Record<AccountMail["kind"], Wording> = {
  verification: {
    subject: "Confirm your e-mail address",
    sentences: [
      "Somebody, we hope you, opened an account at Bilten with this address. Please confirm that it is yours.",
      "If you did not do that just now, do nothing: a click would open the account to whoever did.",
    ],
    link: { path: "/auth/verify-email", label: "Confirm this address" },
  },
  already_registered: {
    subject: "You already have an account",
    sentences: [
      "Somebody, perhaps you, tried to open an account at Bilten with this address. There is one already, and nothing was changed.",
      "If you forgot your password, ask for a new one where you log in.",
    ],
  },
  password_reset: {
    subject: "Choose a new password",
    sentences: ["Somebody, we hope you, asked for a new password for your account at Bilten. If it was not you, do nothing."],
    link: { path: "/auth/reset-password", label: "Choose a new password" },
  },
};

export async function composeAccountMail(mail: AccountMail, origin: string): Promise<Mail> {
  const { subject, sentences, link } = WORDING[mail.kind];
  const url = link && mail.token ? `${origin}${link.path}?token=${encodeURIComponent(mail.token)}` : null;
  const greeting = mail.name === undefined ? "Hello," : `Hello ${mail.name},`;
  return {
    to: mail.to,
    subject,
    text: [greeting, ...sentences, ...(link && url ? [`${link.label}:\n${url}`] : []), "Bilten"].join("\n\n"),
    html: await htmlPage(
      subject,
      html`<p>${greeting}</p>
${sentences.map((sentence) => html`<p>${sentence}</p>`)}
${link && url ? html`<p><a href="${url}">${link.label}</a></p>` : ""}`,
    ),
    data: { type: mail.kind, ...(mail.token ? { token: mail.token } : {}) },
  };
}

/** By the mail's id. Auth leaves out those that are gone or whose token was used. */
export async function accountMails(env: Env, mailIds: string[]): Promise<Composed> {
  const mails = await env.AUTH.accountMails(mailIds);
  const known = new Set(mails.map(({ id }) => id));
  const composed = await composeEach(
    mails,
    (mail) => mail.id,
    (mail) => composeAccountMail(mail, env.API_ORIGIN),
  );
  return { ...composed, unneeded: mailIds.filter((id) => !known.has(id)) };
}
