/**
 * Where an invitation's link leads. Opening it accepts nothing, because mail scanners open links: the invited signs in here, and the
 * token goes from his browser to where any other client sends it.
 */
const script = `
const form = document.querySelector("form");
const said = document.querySelector("[role=status]");
const post = (path, body, token) => fetch(path, {
  method: "POST",
  headers: { "content-type": "application/json", ...(token ? { authorization: "Bearer " + token } : {}) },
  body: JSON.stringify(body),
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { email, password, code } = Object.fromEntries(new FormData(form));
  const token = new URLSearchParams(location.search).get("token") ?? "";
  try {
    let login = await (await post("/auth/login", { email, password })).json();
    if (login.mfaRequired) {
      document.querySelector("#code").hidden = false;
      if (!code) { said.textContent = "Please add the code of your authenticator app."; return; }
      login = await (await post("/auth/mfa/verify", { mfaToken: login.mfaToken, method: "totp", code })).json();
    }
    if (!login.accessToken) { said.textContent = "That is not how you sign in here. Please try again."; return; }
    const answer = await post(location.pathname, { token }, login.accessToken);
    if (answer.ok) { form.hidden = true; said.textContent = "Welcome. You belong to the team now."; return; }
    said.textContent = {
      400: "This invitation was used, taken back, or is too old. Please ask for another.",
      403: "This invitation was sent to another address than the one you signed in with.",
      409: "You belong to the team already.",
    }[answer.status] ?? "That did not work just now. Please try again.";
  } catch { said.textContent = "That did not work just now. Please try again."; }
});`;

const style = `
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #18181b; background: #f4f4f5 }
main { max-width: 32rem; margin: 10vh auto; padding: 1.5rem; background: #fff; border-radius: .5rem }
label { display: block; margin: .8rem 0 } label[hidden] { display: none }
input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; border: 1px solid #71717a; border-radius: .4rem }
button { font: inherit; padding: .6rem 1.2rem; border: 0; border-radius: .4rem; color: #fff; background: #18181b; cursor: pointer }`;

const page = (nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Join the team</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<h1>Join the team</h1>
<p>Sign in with the address that the invitation was sent to. If you have no account yet, open one with that address first.</p>
<form>
<label>E-mail <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<label id="code" hidden>Code <input name="code" inputmode="numeric" autocomplete="one-time-code"></label>
<p><button>Join</button></p>
</form>
<p role="status" aria-live="polite"></p>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;

/** The page and the policy that lets nothing but it run (Content Security Policy Level 3). */
export function invitationPage(): { html: string; headers: Record<string, string> } {
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
