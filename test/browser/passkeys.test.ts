/** Passkeys in a real Chromium, whose virtual authenticator stands in for a finger: made, used alone, and refused at another origin. */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { Tokens } from "../../shared/contracts/accounts";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { AddedPasskey, PasskeyInvitation } from "../../workers/auth/passkey-forms";
import { PasskeyQuestion } from "../../workers/auth/passkey-proofs";
import { findChromium } from "../support/chromium";
import { connect, parse } from "../support/client";
import { createOrganizer, NEWS_WITHIN_MS, outbox, PASSWORD, registerAndLogin } from "../support/scenes";

const executablePath = findChromium();
const api = connect(inject("origin"));
/** What the house calls itself. The browser is told where that is here. */
const ISSUER = "http://localhost:8787";
const ELSEWHERE = "http://localhost:8788";

/** By the browser's own reading and writing of the JSON (WebAuthn Level 3, 5.1). */
const create = (page: Page, invitation: PasskeyInvitation): Promise<unknown> =>
  page.evaluate(`navigator.credentials
    .create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(invitation)}) })
    .then((made) => made.toJSON())`);

const get = (page: Page, question: PasskeyQuestion): Promise<unknown> =>
  page.evaluate(`navigator.credentials
    .get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(question)}) })
    .then((used) => used.toJSON())`);

describe.skipIf(executablePath === null)(
  `passkeys in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`,
  () => {
    let browser: Browser;
    let context: BrowserContext;
    beforeAll(async () => {
      const { host } = new URL(api.origin);
      const rules = [ISSUER, ELSEWHERE].map((origin) => `MAP ${new URL(origin).host} ${host}`).join(", ");
      browser = await chromium.launch({
        executablePath: executablePath ?? "",
        args: ["--no-sandbox", `--host-resolver-rules=${rules}`],
      });
      context = await browser.newContext();
    });
    afterAll(() => browser?.close());

    /** A page of ours at that origin, on a device that its owner unlocks each time. */
    async function openPage(origin: string): Promise<Page> {
      const page = await context.newPage();
      const devtools = await context.newCDPSession(page);
      await devtools.send("WebAuthn.enable");
      await devtools.send("WebAuthn.addVirtualAuthenticator", {
        options: {
          protocol: "ctap2",
          transport: "internal",
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      await page.goto(`${origin}/auth/reset-password`);
      return page;
    }

    test("one is made, signs in alone, and answers at no other port of the same host", async () => {
      const person = await registerAndLogin(api);
      const page = await openPage(ISSUER);
      const invite = async () => parse(PasskeyInvitation, await person.api.post("/auth/passkeys/options"), 200);
      const ask = async () => parse(PasskeyQuestion, await api.post("/auth/passkeys/login/options"), 200);
      const logIn = (credential: unknown) => api.post("/auth/passkeys/login", { credential });

      const form = { name: "This browser", credential: await create(page, await invite()) };
      const added = parse(AddedPasskey, await person.api.post("/auth/passkeys", form), 201);
      expect(added.name).toBe("This browser");
      const tokens = parse(Tokens, await logIn(await get(page, await ask())), 200);
      expect(tokens.user).toMatchObject({ email: person.email, mfaEnabled: true });

      await page.goto(`${ELSEWHERE}/auth/reset-password`);
      const refused = await logIn(await get(page, await ask()));
      expect(parse(ProblemBody, refused, 401).code).toBe("passkey_invalid");
      await page.close();
    });

    test("one that is the second factor opens the way into a team, where an invitation's link leads", async () => {
      const [owner, guest] = await Promise.all([registerAndLogin(api), registerAndLogin(api)]);
      const page = await openPage(ISSUER);
      const invitation = parse(PasskeyInvitation, await guest.api.post("/auth/passkeys/options"), 200);
      parse(AddedPasskey, await guest.api.post("/auth/passkeys", { credential: await create(page, invitation) }), 201);
      const { id } = await createOrganizer(owner);
      await owner.api.post(`/organizers/${id}/invitations`, { email: guest.email, role: "finance" });
      const { data } = await outbox(api, guest.email, (mail) => mail.data?.type === "invitation");
      await page.goto(`${ISSUER}/organizers/invitations/accept?token=${data?.token}`);
      const joining = page.locator("main > form");
      await joining.getByLabel("E-mail").fill(guest.email);
      await joining.getByLabel("Password").fill(PASSWORD);
      await joining.getByRole("button", { name: "Join" }).click();
      await expect
        .poll(() => page.getByRole("status").textContent(), { timeout: NEWS_WITHIN_MS })
        .toContain("You belong to the team now");
      await page.close();
    });
  },
);
