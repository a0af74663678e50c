/**
 * Where an invitation's link leads: the invited signs in, joins by the token of the link, and is signed out again. Who has no account
 * opens one here first, and confirms it by another mail.
 */
import { html } from "hono/html";
import { type LinkedPage, type LinkedWords, linkedPage } from "../../shared/http/linked-page";

interface Words extends LinkedWords {
  email: string;
  password: string;
  code: string;
  join: string;
  noAccount: string;
  name: string;
  newPassword: string;
  open: string;
  /** What the script says. */
  wrong: string;
  needsCode: string;
  codeWrong: string;
  unconfirmed: string;
  invitationOver: string;
  otherAddress: string;
  memberAlready: string;
  joined: string;
  unfitPassword: string;
  unfitForm: string;
  opened: string;
}

/** A passkey is asked for where the account has no app's codes; typed ones are six digits of an app, or a recovery code. */
const SCRIPT = `
const [joining, opening] = document.forms;
const code = document.querySelector("#code");
const own = {
  invalid_credentials: words.wrong, code_invalid: words.codeWrong, email_not_verified: words.unconfirmed,
  invalid_token: words.invitationOver, member_exists: words.memberAlready,
};
const refuse = (answer) => own[answer.body.code] ? say(own[answer.body.code]) : tell(answer);
const proofOf = async (mfaToken, methods, typed) => {
  if (typed) return { mfaToken, method: /^[0-9 ]+$/.test(typed) ? "totp" : "recovery_code", code: typed.replaceAll(" ", "") };
  if (!methods.includes("webauthn") || methods.includes("totp")) return null;
  const asked = await post("/auth/mfa/webauthn", { mfaToken });
  if (!asked.ok) return null;
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.body);
  const used = await navigator.credentials.get({ publicKey }).catch(() => null);
  return used && { mfaToken, method: "webauthn", code: used.toJSON() };
};
onSubmit(joining, async ({ email, password, code: typed }) => {
  let login = await post("/auth/login", { email, password });
  if (login.body.mfaRequired) {
    const proof = await proofOf(login.body.mfaToken, login.body.methods, typed.trim());
    if (!proof) { code.hidden = false; code.querySelector("input").focus(); return say(words.needsCode); }
    login = await post("/auth/mfa/verify", proof);
  }
  if (!login.ok) return refuse(login);
  const answer = await post(location.pathname, { token }, login.body.accessToken);
  await post("/auth/logout", {}, login.body.accessToken);
  if (answer.body.code === "forbidden") return say(words.otherAddress);
  if (!answer.ok) return answer.status === 400 ? say(words.invitationOver) : refuse(answer);
  finish(words.joined);
});
onSubmit(opening, async ({ name, email, password }) => {
  const answer = await post("/auth/register", { name, email, password });
  if (!answer.ok) {
    const faults = answer.body.errors?.map(({ pointer }) => pointer) ?? [];
    if (faults.includes("/password")) return say(words.unfitPassword);
    return answer.status === 400 ? say(words.unfitForm) : tell(answer);
  }
  joining.elements.email.value = email;
  opening.parentElement.open = false;
  say(words.opened);
});`;

const PAGE: LinkedPage<Words> = {
  words: {
    en: {
      title: "Join the team",
      lead: "Sign in with the address that the invitation was sent to.",
      email: "E-mail",
      password: "Password",
      code: "Code of your authenticator app, or a recovery code",
      join: "Join",
      noAccount: "I have no account yet",
      name: "Name",
      newPassword: "Password, at least 8 characters",
      open: "Open an account",
      wrong: "That is not how you sign in here. Please try again.",
      needsCode: "Please add the code.",
      codeWrong: "The code is wrong, was used or is too old.",
      unconfirmed: "Please open the link in the mail that confirms your address, then come back here.",
      invitationOver: "This invitation was used, taken back, or is too old. Please ask for another.",
      otherAddress: "This invitation was sent to another address than the one you signed in with.",
      memberAlready: "You belong to the team already.",
      joined: "Welcome. You belong to the team now.",
      unfitPassword:
        "Please choose another password: this one is among the most common, known from a leak, or little more than your name or address.",
      unfitForm: "Please look at what you typed: something is missing or is not right.",
      opened: "We have written to you. Open the link in that mail, then come back to this page and sign in.",
    },
    de: {
      title: "Dem Team beitreten",
      lead: "Melden Sie sich mit der Adresse an, an die die Einladung ging.",
      email: "E-Mail",
      password: "Passwort",
      code: "Code Ihrer Authenticator-App oder ein Wiederherstellungscode",
      join: "Beitreten",
      noAccount: "Ich habe noch kein Konto",
      name: "Name",
      newPassword: "Passwort, mindestens 8 Zeichen",
      open: "Konto eröffnen",
      wrong: "So melden Sie sich hier nicht an. Bitte versuchen Sie es noch einmal.",
      needsCode: "Bitte geben Sie auch den Code ein.",
      codeWrong: "Der Code ist falsch, wurde schon benutzt oder ist zu alt.",
      unconfirmed:
        "Bitte öffnen Sie zuerst den Link in der Mail, die Ihre Adresse bestätigt, und kommen Sie dann hierher zurück.",
      invitationOver: "Diese Einladung wurde benutzt oder zurückgenommen oder ist zu alt. Bitte verlangen Sie eine neue.",
      otherAddress: "Diese Einladung ging an eine andere Adresse als die, mit der Sie sich angemeldet haben.",
      memberAlready: "Sie gehören schon zum Team.",
      joined: "Willkommen. Sie gehören jetzt zum Team.",
      unfitPassword:
        "Bitte wählen Sie ein anderes Passwort: Dieses ist eines der häufigsten, aus einem Leck bekannt oder wenig mehr als Ihr Name oder Ihre Adresse.",
      unfitForm: "Bitte sehen Sie durch, was Sie eingegeben haben: Etwas fehlt oder stimmt nicht.",
      opened:
        "Wir haben Ihnen geschrieben. Öffnen Sie den Link in dieser Mail, kommen Sie dann auf diese Seite zurück und melden Sie sich an.",
    },
  },
  form: (words) => html`<form>
<label>${words.email} <input name="email" type="email" autocomplete="username" required></label>
<label>${words.password} <input name="password" type="password" autocomplete="current-password" required></label>
<label id="code" hidden>${words.code} <input name="code" autocomplete="one-time-code" maxlength="40"></label>
<p><button>${words.join}</button></p>
</form>
<details><summary>${words.noAccount}</summary>
<form>
<label>${words.name} <input name="name" autocomplete="name" required></label>
<label>${words.email} <input name="email" type="email" autocomplete="email" required></label>
<label>${words.newPassword} <input name="password" type="password" autocomplete="new-password" minlength="8" required></label>
<p><button>${words.open}</button></p>
</form>
</details>`,
  script: SCRIPT,
};

export const invitationPage = (acceptLanguage: string | undefined) => linkedPage(PAGE, acceptLanguage);
