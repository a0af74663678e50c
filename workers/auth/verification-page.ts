/**
 * Where the mailed link leads. Opening it confirms nothing, because mail scanners open links; the button does. The page carries no
 * part of the address: the token stays in the browser, which sends it where any other client sends it.
 */
const script = `
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
  if (answer?.ok) { button.hidden = true; said.textContent = "Thank you. The address is confirmed, and you can sign in."; return; }
  button.disabled = false;
  said.textContent = answer?.status === 400
    ? "This link was used before or is too old. Please ask for a new one."
    : "That did not work just now. Please try again.";
});`;

const style = `
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #18181b; background: #f4f4f5 }
main { max-width: 32rem; margin: 10vh auto; padding: 1.5rem; background: #fff; border-radius: .5rem }
button { font: inherit; padding: .6rem 1.2rem; border: 0; border-radius: .4rem; color: #fff; background: #18181b; cursor: pointer }`;

const page = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Confirm your address</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<h1>Confirm your address</h1>
<p>One click, and the account that was opened with your e-mail address is yours to use.</p>
<p><button type="button">Confirm</button></p>
<p role="status" aria-live="polite"></p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;

/** The page and the policy that lets nothing but it run (Content Security Policy Level 3). */
export function verificationPage(): { html: string; headers: Record<string, string> } {
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
  return { html: page(nonce), headers: { "content-security-policy": policy.join("; "), "cache-control": "no-store" } };
}
