/** Asking somebody into a team by mail, through the whole house: the mail, the page behind its link, and what the invited may do next. */
import { describe, expect, inject, test } from "vitest";
import { Tokens } from "../../shared/contracts/accounts";
import { PublishedEvent } from "../../shared/contracts/events";
import { Invitation, type InvitationDraft, Member } from "../../shared/contracts/organizers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { type Answer, type Client, connect, parse } from "../support/client";
import {
  createOrganizer,
  createPublishedEvent,
  draftEvent,
  freshEmail,
  mailsTo,
  openBoxOffice,
  outbox,
  PASSWORD,
  type Person,
  registerAndLogin,
} from "../support/scenes";

const api = connect(inject("origin"));
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const ACCEPT = "/organizers/invitations/accept";
const accept = (by: Client, token: string) => by.post(ACCEPT, { token });

/** Invites, and reads the mail as its owner would. */
async function invite(owner: Person, organizerId: string, draft: InvitationDraft) {
  const path = `/organizers/${organizerId}/invitations`;
  const invitation = parse(Invitation, await owner.api.post(path, draft), 201);
  const mail = await outbox(api, draft.email, ({ data }) => data?.type === "invitation");
  return { invitation, mail, token: mail.data?.token ?? "" };
}

async function openTeam() {
  const owner = await registerAndLogin(api, { name: "Olga Owner" });
  return { owner, organizer: await createOrganizer(owner) };
}

describe("an invitation by mail", () => {
  test("brings its owner into the team from his next request on, once, and nobody else", async () => {
    const { owner, organizer } = await openTeam();
    const [guest, stranger] = await Promise.all([registerAndLogin(api), registerAndLogin(api)]);
    const { mail, token } = await invite(owner, organizer.id, { email: guest.email.toUpperCase(), role: "manager" });
    expect(mail.subject).not.toContain(organizer.name);
    expect(mail.text).toContain(organizer.name);
    expect(mail.text).toContain("Olga Owner");
    expect(mail.text).toContain(`${ACCEPT}?token=${encodeURIComponent(token)}`);

    const page = await api.get(`${ACCEPT}?token=${token}`, { headers: { "accept-language": "de" } });
    expect(page.status).toBe(200);
    expect(page.text).toContain('<html lang="de">');
    expect(page.text).not.toContain(token);
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);

    const draft = draftEvent(organizer.id);
    expect(codeOf(await guest.api.post("/events", draft), 403)).toBe("forbidden");
    expect(codeOf(await accept(api, token), 401)).toBe("credential_missing");
    expect(codeOf(await accept(stranger.api, token), 403)).toBe("forbidden");
    expect(codeOf(await accept(owner.api, token), 403)).toBe("forbidden");
    expect(codeOf(await accept(guest.api, `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`), 400)).toBe("invalid_token");
    const member = parse(Member, await accept(guest.api, token), 201);
    expect(member).toMatchObject({ userId: guest.user.id, role: "manager" });
    parse(PublishedEvent, await guest.api.post("/events", draft), 201);
    expect(codeOf(await accept(guest.api, token), 400)).toBe("invalid_token");
  });

  test("asks who has no account to open one with that address, and to confirm it, first", async () => {
    const { owner, organizer } = await openTeam();
    const email = freshEmail("newcomer");
    const { token } = await invite(owner, organizer.id, { email, role: "marketing" });
    await api.post("/auth/register", { email, password: PASSWORD, name: "Nora Newcomer" });
    expect(codeOf(await api.post("/auth/login", { email, password: PASSWORD }), 403)).toBe("email_not_verified");
    const confirmation = await outbox(api, email, ({ data }) => data?.type === "verification");
    expect((await api.post("/auth/verify-email", { token: confirmation.data?.token })).status).toBe(200);
    const { accessToken } = parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }), 200);
    const newcomer = api.as({ token: accessToken });
    const draft = draftEvent(organizer.id);
    expect(codeOf(await newcomer.post("/events", draft), 403)).toBe("forbidden");
    expect(parse(Member, await accept(newcomer, token), 201)).toMatchObject({ name: "Nora Newcomer", role: "marketing" });
    parse(PublishedEvent, await newcomer.post("/events", draft), 201);
    expect(
      codeOf(await newcomer.post(`/organizers/${organizer.id}/invitations`, { email: freshEmail(), role: "door" }), 403),
    ).toBe("forbidden");
    expect((await mailsTo(api, email)).filter(({ data }) => data?.type === "invitation")).toHaveLength(1);
  });

  test("is worth nothing once it was taken back; a new one is", async () => {
    const { owner, organizer } = await openTeam();
    const guest = await registerAndLogin(api);
    const path = `/organizers/${organizer.id}/invitations`;
    const first = await invite(owner, organizer.id, { email: guest.email, role: "finance" });
    expect(codeOf(await owner.api.post(path, { email: guest.email, role: "door" }), 409)).toBe("invitation_exists");
    expect((await owner.api.delete(`${path}/${first.invitation.id}`)).status).toBe(204);
    expect(codeOf(await accept(guest.api, first.token), 400)).toBe("invalid_token");
    parse(Invitation, await owner.api.post(path, { email: guest.email, role: "door" }), 201);
    const second = await outbox(api, guest.email, ({ data }) => data?.type === "invitation" && data.token !== first.token);
    expect(codeOf(await accept(guest.api, first.token), 400)).toBe("invalid_token");
    expect(parse(Member, await accept(guest.api, second.data?.token ?? ""), 201).role).toBe("door");
  });

  test("lets door staff in at the events that it names, and at no other", async () => {
    const { owner, organizer, event } = await openBoxOffice(api);
    const other = await createPublishedEvent(owner, organizer.id);
    const guest = await registerAndLogin(api);
    const { token } = await invite(owner, organizer.id, { email: guest.email, role: "door", eventIds: [event.id] });
    const scan = (eventId: string) => guest.api.post(`/events/${eventId}/check-ins`, { code: "nothing", nonce: "n" });
    expect(codeOf(await scan(event.id), 403)).toBe("forbidden");
    parse(Member, await accept(guest.api, token), 201);
    expect(codeOf(await scan(event.id), 404)).toBe("ticket_unknown");
    expect(codeOf(await scan(other.id), 403)).toBe("forbidden");
  });
});
