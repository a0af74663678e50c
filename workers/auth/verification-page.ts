/** The links of the mails that one click answers: an address is confirmed, a lock is ended. */
import { html } from "hono/html";
import { type LinkedPage, type LinkedWords, linkedPage } from "../../shared/http/linked-page";

interface Words extends LinkedWords {
  button: string;
  done: string;
}

const SCRIPT = `
onSubmit(document.forms[0], async () => {
  const answer = await post(location.pathname, { token });
  if (answer.ok) return finish(words.done);
  return answer.status === 400 ? say(words.tooOld) : tell(answer);
});`;

const oneClick = (words: LinkedPage<Words>["words"]): LinkedPage<Words> => ({
  words,
  form: ({ button }) => html`<form><p><button>${button}</button></p></form>`,
  script: SCRIPT,
});

const VERIFICATION = oneClick({
  en: {
    title: "Confirm your address",
    lead: "One click, and the account that was opened with your e-mail address is yours to use.",
    button: "Confirm",
    done: "Thank you. The address is confirmed, and you can sign in.",
  },
  de: {
    title: "Adresse bestätigen",
    lead: "Ein Klick, und das Konto, das mit Ihrer E-Mail-Adresse eröffnet wurde, gehört Ihnen.",
    button: "Bestätigen",
    done: "Danke. Die Adresse ist bestätigt, und Sie können sich anmelden.",
  },
});

const UNLOCK = oneClick({
  en: {
    title: "Unlock your account",
    lead: "One click, and you can sign in again without waiting. If you did not try to sign in, close this page: nobody got in.",
    button: "Unlock",
    done: "Thank you. The account is unlocked, and you can sign in.",
  },
  de: {
    title: "Konto entsperren",
    lead: "Ein Klick, und Sie können sich ohne Wartezeit wieder anmelden. Wenn Sie es nicht selbst versucht haben, schließen Sie diese Seite: Niemand kam hinein.",
    button: "Entsperren",
    done: "Danke. Das Konto ist entsperrt, und Sie können sich anmelden.",
  },
});

export const verificationPage = (acceptLanguage: string | undefined) => linkedPage(VERIFICATION, acceptLanguage);
export const unlockPage = (acceptLanguage: string | undefined) => linkedPage(UNLOCK, acceptLanguage);
