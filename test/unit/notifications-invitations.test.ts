import { expect, test } from "vitest";
import type { InvitationMail } from "../../shared/contracts/organizers";
import { composeInvitation } from "../../workers/notifications/invitation-mails";

const INVITATION: InvitationMail = {
  id: "0197f3ca-2b10-7c3d-8e4f-5a6b7c8d9e0f",
  to: "ina@example.org",
  organizerName: "Blue Note",
  inviterName: "Olga Owner",
  role: "door",
  token: "id.mac",
  locale: "de-AT",
};
const textOf = async (change: Partial<InvitationMail>): Promise<string> =>
  (await composeInvitation({ ...INVITATION, ...change }, "https://api.example.org")).text;

test("an invitation is in the reader's language, and its link carries the token", async () => {
  const text = await textOf({});
  expect(text).toContain("Olga Owner lädt Sie ein, bei Bilten zum Team von Blue Note zu gehören");
  expect(text).toContain("https://api.example.org/organizers/invitations/accept?token=id.mac");
  expect(await textOf({ locale: null })).toContain("Olga Owner asks you to join the team of Blue Note");
});

test("who was taken in without being asked is told, and has nothing to accept", async () => {
  const mail = await composeInvitation({ ...INVITATION, token: null, locale: "en" }, "https://api.example.org");
  expect(mail.text).toContain("Olga Owner has taken you into the team of Blue Note at Bilten, at the door");
  expect(mail.text).not.toContain("https://api.example.org/organizers");
  expect(mail.data).toEqual({ type: "member_added" });
});

test.each([null, "id.mac"])(
  "an organizer's name that reads like an address stands nowhere in the mail (token %j)",
  async (token) => {
    for (const organizerName of ["Win at prizes.example", "x".repeat(100)]) {
      const change = { organizerName, inviterName: organizerName, token, locale: "en" };
      const mail = await composeInvitation({ ...INVITATION, ...change }, "https://api.example.org");
      expect(mail.text).toContain("Somebody");
      expect(mail.text).toContain("the team of an organizer");
      expect(JSON.stringify(mail)).not.toContain(organizerName);
    }
    const named = await composeInvitation({ ...INVITATION, token }, "https://api.example.org");
    expect(named.subject).not.toContain("Blue Note");
  },
);

test.each(["", "Win at prizes.example", "x".repeat(100)])(
  "a stranger's name %j goes to nobody in our mail",
  async (inviterName) => {
    const text = await textOf({ inviterName, locale: "en" });
    expect(text).toContain("Blue Note asks you to join the team of Blue Note");
    if (inviterName !== "") expect(text).not.toContain(inviterName);
  },
);
