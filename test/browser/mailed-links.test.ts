/** Where the links of account mails lead, as somebody sees them on a phone who has just opened his mail. Pictures lie in test-artifacts/. */
import { Secret, TOTP } from "otpauth";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { Invitation, Member } from "../../shared/contracts/organizers";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import { SessionList } from "../../workers/auth/session-list";
import { RecoveryCodes, TotpSecret } from "../../workers/auth/totp-factors";
import { findChromium } from "../support/chromium";
import { connect, parse } from "../support/client";
import { type Visitor, visit } from "../support/looking";
import { formOf, readerOf } from "../support/reader";
import {
  createOrganizer,
  freshEmail,
  NEWS_WITHIN_MS,
  openBoxOffice,
  outbox,
  PASSWORD,
  registerAndLogin,
} from "../support/scenes";

const executablePath = findChromium();
const api = connect(inject("origin"));
const MemberList = z.object({ data: z.array(Member) });

/** The one link of the mail, at the house of this test: on its own host, or on an organizer's. */
function linkOf({ text }: OutboxMessage): string {
  const [found] = /https?:\/\/\S+\?token=\S+/.exec(text ?? "") ?? [];
  if (found === undefined) throw new Error(`no link in: ${text}`);
  const link = new URL(found);
  link.port = new URL(api.origin).port;
  return link.href;
}
const mail = (to: string, type: string) => outbox(api, to, ({ data }) => data?.type === type);

describe.skipIf(executablePath === null)(
  `mailed links in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`,
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executablePath ?? "", args: ["--no-sandbox"] });
    });
    afterAll(() => browser?.close());

    /** Opens the link on a phone, and complains of whatever the page or its policy complain of. */
    async function open(letter: OutboxMessage, locale: string, see: (visitor: Visitor) => Promise<void>): Promise<void> {
      const visitor = await visit(browser, "phone", { locale });
      try {
        await visitor.page.goto(linkOf(letter));
        await see(visitor);
        expect(visitor.complaints).toEqual([]);
      } finally {
        await visitor.close();
      }
    }
    const says = async ({ page }: Visitor, words: string) =>
      expect.poll(() => page.getByRole("status").textContent(), { timeout: NEWS_WITHIN_MS }).toContain(words);

    test("confirm an address, once", async () => {
      const email = freshEmail();
      await api.post("/auth/register", { email, password: PASSWORD, name: "Ada" });
      const letter = await mail(email, "verification");
      await open(letter, "de-AT", async (visitor) => {
        await visitor.look("link-verify");
        expect(await visitor.page.getAttribute("html", "lang")).toBe("de");
        await visitor.press(visitor.page.getByRole("button", { name: "Bestätigen" }));
        await says(visitor, "Die Adresse ist bestätigt");
        await visitor.look("link-verified");
      });
      expect((await api.post("/auth/login", { email, password: PASSWORD })).status).toBe(200);
      await open(letter, "en-GB", async (visitor) => {
        await visitor.page.getByRole("button", { name: "Confirm" }).click();
        await says(visitor, "used before or is too old");
      });
    });

    test("unlock an account", async () => {
      const { email } = await registerAndLogin(api);
      for (let n = 0; n < 10; n++) await api.post("/auth/login", { email, password: "wrong" });
      await open(await mail(email, "unlock"), "en-GB", async (visitor) => {
        await visitor.look("link-unlock");
        await visitor.page.getByRole("button", { name: "Unlock" }).click();
        await says(visitor, "The account is unlocked");
      });
      expect((await api.post("/auth/login", { email, password: PASSWORD })).status).toBe(200);
    });

    test("set a new password, after one that everybody guesses", async () => {
      const { email } = await registerAndLogin(api);
      await api.post("/auth/forgot-password", { email });
      await open(await mail(email, "password_reset"), "en-GB", async (visitor) => {
        const { page } = visitor;
        const field = page.getByLabel("New password");
        await field.fill("password1234");
        await page.getByRole("button").click();
        await says(visitor, "Please choose another one");
        await visitor.look("link-reset");
        await field.fill("two lumps of sugar");
        await field.press("Enter");
        await says(visitor, "You can sign in with your new password");
      });
      expect((await api.post("/auth/login", { email, password: "two lumps of sugar" })).status).toBe(200);
    });

    test("put a guest on a waiting list, who gives his place up again", async () => {
      const { organizer, event } = await openBoxOffice(api, {
        settings: { allowWaitlist: true },
        ticketTypes: [{ name: "Standing", price: { amount: 0, currency: "EUR" }, quantity: 1 }],
      });
      const typeId = event.ticketTypes[0]?.id ?? "";
      await api.post(`/events/${event.id}/holds`, { items: [{ ticketTypeId: typeId, quantity: 1 }] });
      const reader = readerOf(api, `${organizer.slug}.localhost`);
      const email = freshEmail("greta");
      const form = formOf(await reader.get(`/w/${event.id}`), /^\/w\//);
      await reader.post(form, { [`t-${typeId}`]: "yes", quantity: "1", name: "Greta", email });
      await open(await mail(email, "waitlist_joined"), "en-GB", async (visitor) => {
        const { page } = visitor;
        await visitor.look("link-waitlist");
        await visitor.press(page.getByRole("button", { name: "Put me on the waiting list" }));
        await says(visitor, "You are waiting.");
        expect(new URL(page.url()).search).toBe("");
        await page.getByRole("button", { name: "Leave the waiting list" }).click();
        await says(visitor, "You are not on the waiting list any more.");
      });
    });

    test("bring somebody without an account into a team", async () => {
      const owner = await registerAndLogin(api, { name: "Olga Owner" });
      const { id } = await createOrganizer(owner);
      const email = freshEmail("invited");
      parse(Invitation, await owner.api.post(`/organizers/${id}/invitations`, { email, role: "marketing" }), 201);
      await open(await mail(email, "invitation"), "en-GB", async (visitor) => {
        const { page } = visitor;
        await visitor.look("link-invitation");
        await page.getByText("I have no account yet").click();
        const opening = page.locator("details");
        await opening.getByLabel("Name").fill("Ina Invited");
        await opening.getByLabel("E-mail").fill(email);
        await opening.getByLabel("Password").fill(PASSWORD);
        await visitor.look("link-invitation-new");
        await opening.getByRole("button", { name: "Open an account" }).click();
        await says(visitor, "We have written to you");

        const joining = page.locator("main > form");
        expect(await joining.getByLabel("E-mail").inputValue()).toBe(email);
        await joining.getByLabel("Password").fill(PASSWORD);
        await joining.getByRole("button", { name: "Join" }).click();
        await says(visitor, "Please open the link in the mail that confirms your address");
        await api.post("/auth/verify-email", { token: (await mail(email, "verification")).data?.token });
        await joining.getByLabel("Password").fill("wrong");
        await joining.getByRole("button", { name: "Join" }).click();
        await says(visitor, "not how you sign in");
        await joining.getByLabel("Password").fill(PASSWORD);
        await joining.getByRole("button", { name: "Join" }).click();
        await says(visitor, "You belong to the team now");
        await visitor.look("link-invitation-joined");
      });
      const { data } = parse(MemberList, await owner.api.get(`/organizers/${id}/members`), 200);
      expect(data.map(({ name, role }) => ({ name, role }))).toContainEqual({ name: "Ina Invited", role: "marketing" });
    });

    test("ask for the code of whoever has a second factor", async () => {
      const owner = await registerAndLogin(api);
      const { id } = await createOrganizer(owner);
      const guest = await registerAndLogin(api);
      const { secret } = parse(TotpSecret, await guest.api.post("/auth/mfa/totp"), 200);
      const app = new TOTP({ secret: Secret.fromBase32(secret) });
      const confirmed = await guest.api.post("/auth/mfa/totp/confirm", { code: app.generate() });
      const { recoveryCodes } = parse(RecoveryCodes, confirmed, 200);
      parse(Invitation, await owner.api.post(`/organizers/${id}/invitations`, { email: guest.email, role: "door" }), 201);
      await open(await mail(guest.email, "invitation"), "de-DE", async (visitor) => {
        const { page } = visitor;
        const joining = page.locator("main > form");
        const join = joining.getByRole("button", { name: "Beitreten" });
        await joining.getByLabel("E-Mail").fill(guest.email);
        await joining.getByLabel("Passwort").fill(PASSWORD);
        await join.click();
        await says(visitor, "Bitte geben Sie auch den Code ein.");
        const code = joining.getByLabel("Code");
        await code.fill("000 000");
        await join.click();
        await says(visitor, "Der Code ist falsch");
        await code.fill(recoveryCodes[0] ?? "");
        await join.click();
        await says(visitor, "Sie gehören jetzt zum Team");
      });
      const { data } = parse(SessionList, await guest.api.get("/auth/sessions"), 200);
      expect(data, "the page has signed out again").toHaveLength(1);
    });
  },
);
