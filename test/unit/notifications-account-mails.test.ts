import { expect, it } from "vitest";
import type { AccountMail } from "../../shared/contracts/accounts";
import { accountMails, composeAccountMail } from "../../workers/notifications/account-mails";
import type { Env } from "../../workers/notifications/environment";
import { greetable } from "../../workers/notifications/greetings";
import { oneLine } from "../../workers/notifications/mail";

it("a name with markup is text, and a token is one parameter whatever is in it", async () => {
  const mail = await composeAccountMail(
    { id: "1", accountId: "ada", kind: "password_reset", to: "a@bilten.example", name: '"><img src=x>', token: "a&b=c d" },
    "https://api.bilten.example",
  );
  expect(mail.text).toContain("https://api.bilten.example/auth/reset-password?token=a%26b%3Dc%20d");
  expect(mail.html).not.toContain("<img");
  expect(mail.html).toContain("?token=a%26b%3Dc%20d");
});

it("a new password's mail names the keys that stay, by nothing that reads like an address", async () => {
  const apiKeys = [
    { name: "Printer", hint: "bk_live_4Gq7" },
    { name: "call evil.example", hint: "bk_live_9Zz1" },
  ];
  const mail = await composeAccountMail(
    { id: "1", accountId: "ada", kind: "password_changed", to: "a@bilten.example", name: "Ada", apiKeys },
    "https://api.bilten.example",
  );
  expect(mail.text).toContain("These API keys of your account still work:\n– Printer (bk_live_4Gq7…)\n– bk_live_9Zz1…\n");
  expect(mail.html).not.toContain("evil.example");
});

it("an address that nobody confirmed gets no name, which a stranger may have chosen", async () => {
  const mail = await composeAccountMail(
    { id: "1", accountId: "ada", kind: "verification", to: "a@bilten.example", token: "t" },
    "https://api.bilten.example",
  );
  expect(mail.text).toMatch(/^Hello,\n/);
  expect(mail.html).toMatch(/<p [^>]*>Hello,<\/p>/);
});

it("who registers an address again is not told to follow a link", async () => {
  const mail = await composeAccountMail(
    { id: "1", accountId: "ada", kind: "already_registered", to: "a@bilten.example", name: "Ada" },
    "https://api.bilten.example",
  );
  expect(mail.data).toEqual({ type: "already_registered" });
  expect(mail.html).not.toContain("<a ");
});

it("a title with line breaks stays one header line", () => {
  expect(oneLine("Jazz\r\nBcc: everybody@example.org\u0000\tnight ")).toBe("Jazz Bcc: everybody@example.org night");
});

it.each(["verification", "already_registered"] as const)(
  "%s greets nobody by a name that a stranger may have chosen",
  async (kind) => {
    const name = "Congratulations! Take your prize";
    const mail = await composeAccountMail(
      { id: "1", accountId: "ada", kind, to: "a@bilten.example", name },
      "https://api.bilten.example",
    );
    expect(mail.text).toMatch(/^Hello,\n/);
    expect(mail.html).not.toContain(name);
  },
);

it.each([
  ["Ada Lovelace", "Ada Lovelace"],
  [" Martin Luther King Jr. ", "Martin Luther King Jr."],
  ["J. R. R. Tolkien", "J. R. R. Tolkien"],
  ["محمد", "محمد"],
  ["Ada 🎉 <script>", "Ada 🎉 <script>"],
  ["", null],
  ["Congratulations! https://evil.example", null],
  ["You won: www.evil.example", null],
  ["Your prize at evil.example", null],
  ["evil。example", null],
  ["Write to ada@evil.example", null],
  ["evil/prize", null],
  ["A".repeat(81), null],
])("%j is greeted as %j", (name, greeted) => {
  expect(greetable(name)).toBe(greeted);
});

const changed: AccountMail = {
  ...{ id: "1", accountId: "ada", kind: "totp_removed", to: "a@bilten.example", name: "Ada" },
  done: { at: "2027-06-05T17:30:00.000Z", device: "Firefox on Linux", place: "<Vienna>, AT" },
};

it("what was done says when, with what and from where, in its owner's language and by his clock", async () => {
  const german = await composeAccountMail(changed, "https://api.bilten.example", { locale: "de-AT", timezone: "Europe/Vienna" });
  expect(german).toMatchObject({ language: "de", subject: "Die Authenticator-App wurde entfernt" });
  expect(german.text).toContain(
    "Wann: Samstag, 5. Juni 2027 um 19:30 MESZ. Gerät: Firefox on Linux. Ort, ungefähr: <Vienna>, AT.",
  );
  expect(german.html).not.toContain("<Vienna>");
  const unsaid = await composeAccountMail(
    { ...changed, done: { at: "2027-06-05T17:30:00.000Z", device: null, place: null } },
    "https://api.bilten.example",
  );
  expect(unsaid.text).toMatch(/When: Saturday,? 5 June 2027 at 17:30 UTC\.\n/);
});

it("a mail leaves in the first language while nobody can say what its owner reads", async () => {
  const from = (readingHabits: Env["USERS"]["readingHabits"]) =>
    accountMails(
      {
        API_ORIGIN: "https://api.bilten.example",
        AUTH: { accountMails: async () => [changed] },
        USERS: { readingHabits },
      } as unknown as Env,
      ["1"],
    );
  const languageOf = async (composed: ReturnType<typeof from>) =>
    [...(await composed).mails.values()].map(({ language }) => language);
  const german = async () => [{ userId: "ada", locale: "de", timezone: "Europe/Vienna" }];
  expect(await languageOf(from(german))).toEqual(["de"]);
  expect(await languageOf(from(async () => []))).toEqual(["en"]);
  expect(await languageOf(from(() => Promise.reject(new Error("down"))))).toEqual(["en"]);
});
