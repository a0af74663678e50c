import { beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { OutboxMessage } from "../../shared/contracts/outbound";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { connect, parse } from "../support/client";
import { type Box, eventually, freshEmail, openBoxOffice, PASSWORD, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
const Outbox = z.object({ data: z.array(OutboxMessage) });
let box: Box;

const mailsTo = async (to: string, limit = 20) =>
  parse(Outbox, await api.get(`/dev/outbox?to=${encodeURIComponent(to)}&limit=${limit}`), 200).data;
const mailTo = (to: string, type: string) =>
  eventually(`a ${type} to ${to}`, async () => (await mailsTo(to)).find((mail) => mail.data?.type === type));

beforeAll(async () => {
  box = await openBoxOffice(api, { title: "Jazz & more" });
});

describe("a sale", () => {
  test.each(["guest", "signed-in buyer"])("of a %s is confirmed once, with what, when, where and how much", async (who) => {
    const email = freshEmail("buyer");
    const person = who === "guest" ? null : await registerAndLogin(api, { email });
    const order = parse(
      Order,
      await (person?.api ?? api).post("/orders", {
        eventId: box.event.id,
        items: [{ ticketTypeId: box.event.ticketTypes[0]?.id, quantity: 2 }],
        buyer: { email, name: "Béla <Buyer>" },
      }),
      201,
    );
    const payer = person?.api ?? api.as({ token: order.accessToken ?? "" });
    const payment = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
    expect(parse(PaymentProcessed, await payer.post("/payments/process", payment), 200).order.status).toBe("paid");

    const mail = await mailTo(email.toUpperCase(), "order_confirmation");
    expect(mail).toMatchObject({ channel: "email", to: email, data: { orderId: order.id } });
    expect(mail.subject).toBe("Your tickets for Jazz & more");
    expect(mail.text).toContain("2 × Standing, €25.00 each\nTotal: €50.00");
    expect(mail.text).toMatch(/\d{2}:\d{2} CES?T/);
    expect(mail.text).toContain("Blue Note, Ring 1, Vienna, AT");
    expect(mail.html).toContain("Hello Béla &lt;Buyer&gt;,");
    const confirmations = (await mailsTo(email)).filter((candidate) => candidate.data?.orderId === order.id);
    expect(confirmations).toHaveLength(1);
  });
});

describe("an account", () => {
  test("is verified by the token in the mail's link", async () => {
    const email = freshEmail("new");
    await api.post("/auth/register", { email, password: PASSWORD, name: "Nia New" });
    const mail = await mailTo(email, "verification");
    const link = /https?:\S+token=\S+/.exec(mail.text ?? "")?.[0] ?? "";
    expect(new URL(link).searchParams.get("token")).toBe(mail.data?.token);
    const page = await api.get(new URL(link).pathname + new URL(link).search);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
    expect((await api.post("/auth/verify-email", { token: mail.data?.token })).status).toBe(200);
  });

  test("that is there already is told to its owner", async () => {
    const { email } = await registerAndLogin(api);
    await api.post("/auth/register", { email, password: PASSWORD, name: "Somebody Else" });
    expect((await mailTo(email, "already_registered")).data?.token).toBeUndefined();
  });
});

test("the outbox shows the newest first, as many as were asked for", async () => {
  const { email } = await registerAndLogin(api);
  await api.post("/auth/register", { email, password: PASSWORD, name: "Again" });
  await mailTo(email, "already_registered");
  expect((await mailsTo(email)).map((mail) => mail.data?.type)).toEqual(["already_registered", "verification"]);
  expect((await mailsTo(email, 1)).map((mail) => mail.data?.type)).toEqual(["already_registered"]);
  expect(parse(ProblemBody, await api.get("/dev/outbox?limit=0"), 400).code).toBe("invalid_query");
  expect(parse(ProblemBody, await api.post("/dev/outbox"), 405).code).toBe("method_not_allowed");
});
