import { html } from "hono/html";
import { describe, expect, test } from "vitest";
import { linkedPage } from "../../shared/http/linked-page";
import { passwordResetPage } from "../../workers/auth/password-reset-page";
import { unlockPage, verificationPage } from "../../workers/auth/verification-page";
import { invitationPage } from "../../workers/users/invitation-page";

const PAGES = { invitationPage, passwordResetPage, unlockPage, verificationPage };

describe.each(Object.entries(PAGES))("%s", (_, page) => {
  test("is kept by nobody, tells nobody its address, is framed by nobody, and runs its own script alone", async () => {
    const [first, second] = await Promise.all([page(undefined), page(undefined)]);
    expect(first.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    const policy = first.headers["content-security-policy"] ?? "";
    for (const part of ["default-src 'none'", "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'"])
      expect(policy.split("; ")).toContain(part);
    const [, nonce = ""] = /script-src 'nonce-([^']+)'/.exec(policy) ?? [];
    expect(first.html).toContain(`<script nonce="${nonce}">`);
    expect(second.headers["content-security-policy"]).not.toContain(nonce);
  });

  test("is in the reader's language, all of it", async () => {
    const [english, german, unknown] = await Promise.all(["en-GB", "de-AT,en;q=0.5", "fi"].map(page));
    expect(english?.html).toContain('<html lang="en">');
    expect(german?.html).toContain('<html lang="de">');
    expect(unknown?.html).toContain('<html lang="en">');
    const saidIn = (text = ""): Record<string, string> => JSON.parse(/const words = (\{.*\});/.exec(text)?.[1] ?? "{}");
    const [words, worte] = [saidIn(english?.html), saidIn(german?.html)];
    expect(Object.keys(worte)).toEqual(Object.keys(words));
    const isSame = (key: string) => worte[key] === words[key];
    expect(Object.keys(words).filter(isSame)).toEqual(words.name === undefined ? [] : ["name"]);
  });
});

test("what a page says ends neither its script nor its text", async () => {
  const words = { title: "</script><b>", lead: "<i> & more" };
  const page = await linkedPage({ words: { en: words, de: words }, form: () => html``, script: "" }, undefined);
  expect(page.html.match(/<\/script>/g)).toHaveLength(1);
  expect(page.html).toContain("<p>&lt;i&gt; &amp; more</p>");
  expect(page.html).toContain('"title":"\\u003c/script>');
});
