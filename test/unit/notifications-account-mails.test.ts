import { expect, it } from "vitest";
import { composeAccountMail } from "../../workers/notifications/account-mails";
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
