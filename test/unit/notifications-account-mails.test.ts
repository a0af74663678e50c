import { expect, it } from "vitest";
import { composeAccountMail } from "../../workers/notifications/account-mails";
import { greetable } from "../../workers/notifications/greetings";
import { oneLine } from "../../workers/notifications/mail";

it("a name with markup is text, and a token is one parameter whatever is in it", async () => {
  const mail = await composeAccountMail(
    { id: "1", kind: "password_reset", to: "a@bilten.example", name: '"><img src=x>', token: "a&b=c d" },
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
    { id: "1", kind: "password_changed", to: "a@bilten.example", name: "Ada", apiKeys },
    "https://api.bilten.example",
  );
  expect(mail.text).toContain("These API keys of your account still work:\n– Printer (bk_live_4Gq7…)\n– bk_live_9Zz1…\n");
  expect(mail.html).not.toContain("evil.example");
});

it("an address that nobody confirmed gets no name, which a stranger may have chosen", async () => {
  const mail = await composeAccountMail(
    { id: "1", kind: "verification", to: "a@bilten.example", token: "t" },
    "https://api.bilten.example",
  );
  expect(mail.text).toMatch(/^Hello,\n/);
  expect(mail.html).toMatch(/<p [^>]*>Hello,<\/p>/);
});

it("who registers an address again is not told to follow a link", async () => {
  const mail = await composeAccountMail(
    { id: "1", kind: "already_registered", to: "a@bilten.example", name: "Ada" },
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
    const mail = await composeAccountMail({ id: "1", kind, to: "a@bilten.example", name }, "https://api.bilten.example");
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
