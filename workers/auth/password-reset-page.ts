/** Where the link in a reset's mail leads: the new password goes with the token of the link. */
import { html } from "hono/html";
import { type LinkedPage, type LinkedWords, linkedPage } from "../../shared/http/linked-page";
import { MIN_PASSWORD_CHARACTERS } from "./passwords";

interface Words extends LinkedWords {
  password: string;
  button: string;
  /** The password may not be chosen (`password-policy.ts`). */
  guessed: string;
  done: string;
}

const SCRIPT = `
onSubmit(document.forms[0], async ({ password }) => {
  const answer = await post(location.pathname, { token, password });
  if (answer.ok) return finish(words.done);
  const isUnfit = answer.body.errors?.some(({ pointer }) => pointer === "/password");
  if (isUnfit) return say(words.guessed);
  return answer.status === 400 ? say(words.tooOld) : tell(answer);
});`;

const PAGE: LinkedPage<Words> = {
  words: {
    en: {
      title: "Choose a new password",
      lead: "Everybody who is signed in with the old one is signed out.",
      password: `New password, at least ${MIN_PASSWORD_CHARACTERS} characters`,
      button: "Set this password",
      guessed:
        "Please choose another one: this password is among the most common, known from a leak, or little more than your name or address.",
      done: "Thank you. You can sign in with your new password.",
    },
    de: {
      title: "Neues Passwort wählen",
      lead: "Alle Geräte, die mit dem alten angemeldet sind, werden abgemeldet.",
      password: `Neues Passwort, mindestens ${MIN_PASSWORD_CHARACTERS} Zeichen`,
      button: "Dieses Passwort setzen",
      guessed:
        "Bitte wählen Sie ein anderes: Dieses Passwort ist eines der häufigsten, aus einem Leck bekannt oder wenig mehr als Ihr Name oder Ihre Adresse.",
      done: "Danke. Sie können sich mit dem neuen Passwort anmelden.",
    },
  },
  form: ({ password, button }) => html`<form>
<label>${password} <input name="password" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD_CHARACTERS}" required></label>
<p><button>${button}</button></p>
</form>`,
  script: SCRIPT,
};

export const passwordResetPage = (acceptLanguage: string | undefined) => linkedPage(PAGE, acceptLanguage);
