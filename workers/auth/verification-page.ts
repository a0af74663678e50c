/**
 * Where the mailed link leads. Opening it does nothing, because mail scanners open links; the button does. The page carries no
 * part of the address: the token stays in the browser, which sends it where any other client sends it.
 */
interface Words {
  title: string;
  /** What the click does. */
  lead: string;
  button: string;
  done: string;
}
const VERIFICATION: Words = {
  title: "Confirm your address",
  lead: "One click, and the account that was opened with your e-mail address is yours to use.",
  button: "Confirm",
  done: "Thank you. The address is confirmed, and you can sign in.",
};
const UNLOCK: Words = {
  title: "Unlock your account",
  lead: "One click, and you can sign in again without waiting. If you did not try to sign in, close this page: nobody got in.",
  button: "Unlock",
  done: "Thank you. The account is unlocked, and you can sign in.",
};

const scriptOf = ({ done }: Words): string => `
const button = document.querySelector("button");
const said = document.querySelector("[role=status]");
button.addEventListener("click", async () => {
  button.disabled = true;
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  }).catch(() => null);
  if (answer?.ok) { button.hidden = true; said.textContent = ${JSON.stringify(done)}; return; }
  button.disabled = false;
  said.textContent = answer?.status === 400
    ? "This link was used before or is too old. Please ask for a new one."
    : "That did not work just now. Please try again.";
});`;

const style = `
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #18181b; background: #f4f4f5 }
main { max-width: 32rem; margin: 10vh auto; padding: 1.5rem; background: #fff; border-radius: .5rem }
button { font: inherit; padding: .6rem 1.2rem; border: 0; border-radius: .4rem; color: #fff; background: #18181b; cursor: pointer }`;

const page = (words: Words, nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${words.title}</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<h1>${words.title}</h1>
<p>${words.lead}</p>
<p><button type="button">${words.button}</button></p>
<p role="status" aria-live="polite"></p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
<script nonce="${nonce}">${scriptOf(words)}</script>
</body>
</html>
`;

/** The page and the policy that lets nothing but it run (Content Security Policy Level 3). */
function linkedPage(words: Words): { html: string; headers: Record<string, string> } {
  const nonce = crypto.randomUUID();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return { html: page(words, nonce), headers: { "content-security-policy": policy.join("; "), "cache-control": "no-store" } };
}

export const verificationPage = () => linkedPage(VERIFICATION);
export const unlockPage = () => linkedPage(UNLOCK);
