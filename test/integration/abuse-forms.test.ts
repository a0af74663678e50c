/** Forms that no person sends, wherever an address or a password is asked for. */
import { describe, expect, inject, test } from "vitest";
import { Tokens } from "../../shared/contracts/accounts";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { SecurityEventList } from "../../workers/auth/security-events";
import { type Answer, connect, parse } from "../support/client";
import { eventually, freshEmail, mailsTo, outbox, PASSWORD, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const told = ({ status, text }: Answer): string => `${status} ${text.replace(/"requestId":"[^"]*"/, "")}`;
const logIn = (email: string, password = PASSWORD) => api.post("/auth/login", { email, password });

describe("a form that no person sends", () => {
  test("an address with a sign in it that ends a line or a text", async () => {
    const person = await registerAndLogin(api);
    for (const sign of ["\n", "\r\n", "\r", "\u0000", "\u2028"]) {
      for (const email of [
        `ada${sign}@people.example`,
        `ada@people.example${sign}bcc:eve@people.example`,
        `${person.email}${sign}`,
      ]) {
        for (const [path, body] of [
          ["/auth/register", { email, password: PASSWORD, name: "Ada" }],
          ["/auth/login", { email, password: PASSWORD }],
          ["/auth/forgot-password", { email }],
          ["/auth/resend-verification", { email }],
        ] as const) {
          const problem = parse(ProblemBody, await api.post(path, body), 400);
          expect(
            problem.errors?.map(({ pointer }) => pointer),
            path,
          ).toContain("/email");
          expect(JSON.stringify(problem)).not.toContain("eve@");
        }
      }
    }
    expect(await mailsTo(api, "eve@people.example")).toEqual([]);
  });

  test("an address in other letters that look the same is not somebody's", async () => {
    const person = await registerAndLogin(api);
    // Full width, and a Cyrillic "а": what a normalization or a careless eye takes for the same.
    for (const email of [person.email.replace("s", "ｓ"), person.email.replace("e", "е")]) {
      expect(codeOf(await api.post("/auth/forgot-password", { email }), 400)).toBe("invalid_body");
      expect(codeOf(await logIn(email), 400)).toBe("invalid_body");
    }
  });

  test("a password of 10 MB, whose letters nobody counts", async () => {
    const person = await registerAndLogin(api);
    const password = "x".repeat(10_000_000);
    const answers = [
      await logIn(person.email, password),
      await logIn(freshEmail(), password),
      await api.post("/auth/register", { email: freshEmail(), password, name: "Ada" }),
      await api.post("/auth/reset-password", { token: "x", password }),
      await person.api.post("/auth/change-password", { currentPassword: PASSWORD, newPassword: password }),
      await person.api.post("/auth/step-up", { password }),
    ];
    for (const answer of answers) expect(codeOf(answer, 413)).toBe("payload_too_large");
    expect(new Set(answers.slice(0, 2).map(told)).size).toBe(1);
  });

  test("a password of 72 bytes plus one is another one than its first 72 bytes, and than one with another last byte", async () => {
    const email = freshEmail();
    const [head, password] = ["0123456789ab".repeat(6), `${"0123456789ab".repeat(6)}Z`];
    await api.post("/auth/register", { email, password, name: "Ada" });
    const mail = await outbox(api, email);
    await api.post("/auth/verify-email", { token: mail.data?.token });
    expect(codeOf(await logIn(email, head), 401)).toBe("invalid_credentials");
    expect(codeOf(await logIn(email, `${head}Y`), 401)).toBe("invalid_credentials");
    const { accessToken } = parse(Tokens, await logIn(email, password), 200);
    // Beside the answer.
    await eventually("both to be written down", async () => {
      const { data } = parse(SecurityEventList, await api.get("/auth/security-events", { token: accessToken }), 200);
      return data.filter(({ kind }) => kind === "sign_in_failed").length === 2 ? true : undefined;
    });
  });

  test("a password that normalizes is the same however a keyboard composes it, and a common one stays common", async () => {
    const email = freshEmail();
    const composed = "Šárka's café №1".normalize("NFC");
    await api.post("/auth/register", { email, password: composed, name: "Šárka" });
    const mail = await outbox(api, email);
    await api.post("/auth/verify-email", { token: mail.data?.token });
    parse(Tokens, await logIn(email, composed.normalize("NFD")), 200);
    parse(Tokens, await logIn(email, composed.normalize("NFKC")), 200);
    expect(codeOf(await logIn(email, composed.replace("№", "N°")), 401)).toBe("invalid_credentials");
    const common = await api.post("/auth/register", { email: freshEmail(), password: "ｉｌｏｖｅｙｏｕ", name: "Ada" });
    expect(parse(ProblemBody, common, 400).errors?.map(({ pointer }) => pointer)).toContain("/password");
    // One sign that becomes eighteen letters: 256 of them would be 4,608.
    const swollen = await api.post("/auth/register", { email: freshEmail(), password: "ﷺ".repeat(256), name: "Ada" });
    expect(parse(ProblemBody, swollen, 400).errors?.map(({ pointer }) => pointer)).toContain("/password");
  });
});
