/**
 * Where the link in a reset's mail leads. The page carries no part of the address: the token stays in the browser, which sends it with
 * the new password where any other client sends them, and to nobody as a referrer.
 */
const script = `
const form = document.querySelector("form");
const said = document.querySelector("[role=status]");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const password = form.elements.password.value;
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, password }),
  }).catch(() => null);
  if (answer?.ok) { form.hidden = true; said.textContent = "Thank you. You can sign in with your new password."; return; }
  button.disabled = false;
  const problem = await answer?.json().catch(() => null);
  const wrong = problem?.errors?.find(({ pointer }) => pointer === "/password");
  said.textContent = wrong ? "Please choose another one: this password " + wrong.message + "."
    : answer?.status === 400 ? "This link was used before or is too old. Please ask for a new one."
    : "That did not work just now. Please try again.";
});`;

const style = `
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #18181b; background: #f4f4f5 }
main { max-width: 32rem; margin: 10vh auto; padding: 1.5rem; background: #fff; border-radius: .5rem }
label { display: block; margin-bottom: .25rem }
input { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; margin-bottom: 1rem; border: 1px solid #71717a; border-radius: .4rem }
button { font: inherit; padding: .6rem 1.2rem; border: 0; border-radius: .4rem; color: #fff; background: #18181b; cursor: pointer }`;

const page = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Choose a new password</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<h1>Choose a new password</h1>
<form>
<label for="password">New password, at least 8 characters</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="8" required>
<button type="submit">Set this password</button>
</form>
<p role="status" aria-live="polite"></p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;

/** The page and the policy that lets nothing but it run (Content Security Policy Level 3). */
export function passwordResetPage(): { html: string; headers: Record<string, string> } {
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
  const headers = {
    "content-security-policy": policy.join("; "),
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
  };
  return { html: page(nonce), headers };
}
