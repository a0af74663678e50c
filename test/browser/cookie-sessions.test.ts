/** A session by cookie in a real Chromium: kept from scripts, known after a reload, and of no use to the pages of its neighbours. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { CookieSession, CurrentSession } from "../../shared/contracts/cookie-session";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { SESSION_COOKIE } from "../../shared/contracts/session-cookie";
import { findChromium } from "../support/chromium";
import { connect, parse } from "../support/client";
import { PASSWORD, type Person, registerAndLogin } from "../support/scenes";

const executablePath = findChromium();
const api = connect(inject("origin"));
/** What the house calls itself. The browser is told where that is here. */
const OURS = "http://localhost:8787";
/** Of one site, so that the browser sends the cookie along, and another origin. */
const NEIGHBOUR = "http://localhost:8788";
const ORGANIZER = "http://demo.localhost:8787";

const Answered = z.object({ status: z.int(), body: z.unknown() });
interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** As a script of that page asks. */
async function ask(page: Page, path: string, { body, headers, ...rest }: Sent = {}) {
  const init = {
    ...rest,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const answered = await page.evaluate(
    `fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then(async (answer) => ({
      status: answer.status, body: answer.status === 204 ? null : await answer.json() }))`,
  );
  return Answered.parse(answered);
}
/** A page of somebody else's making, without any policy of ours on it. */
const trapOf = (path: string) =>
  `<form method="post" enctype="text/plain" action="${OURS}${path}"><input name="{}" value=""><button>Win</button></form>`;

const codeOf = (answered: z.infer<typeof Answered>): string => ProblemBody.parse(answered.body).code;

describe.skipIf(executablePath === null)(
  `a session by cookie in ${executablePath ?? "a Chromium, of which there is none on the PATH"}`,
  () => {
    let browser: Browser;
    let context: BrowserContext;
    let theirs: Server;
    let person: Person;
    beforeAll(async () => {
      theirs = createServer(({ url }, answer) => answer.setHeader("content-type", "text/html").end(trapOf(url ?? "")));
      await new Promise<void>((resolve) => theirs.listen(0, "127.0.0.1", resolve));
      const trap = `127.0.0.1:${(theirs.address() as AddressInfo).port}`;
      const places = { [OURS]: new URL(api.origin).host, [NEIGHBOUR]: trap, [ORGANIZER]: trap };
      const rules = Object.entries(places).map(([origin, place]) => `MAP ${new URL(origin).host} ${place}`);
      browser = await chromium.launch({
        executablePath: executablePath ?? "",
        args: ["--no-sandbox", `--host-resolver-rules=${rules.join(", ")}`],
      });
      context = await browser.newContext();
      person = await registerAndLogin(api);
    });
    afterAll(async () => {
      await browser?.close();
      theirs?.close();
    });

    const kept = async () => (await context.cookies(OURS)).filter(({ name }) => name === SESSION_COOKIE);

    async function openPage(url: string): Promise<Page> {
      const page = await context.newPage();
      await page.goto(url);
      return page;
    }

    /** Posts a form from there to us, as a person would by a click on it. */
    async function postFormFrom(origin: string, path: string): Promise<{ status: number; code: string }> {
      const page = await openPage(`${origin}${path}`);
      const answered = page.waitForResponse(`${OURS}${path}`);
      await page.getByRole("button").click();
      const answer = await answered;
      const { code } = ProblemBody.parse(JSON.parse(await answer.text()));
      await page.close();
      return { status: answer.status(), code };
    }

    test("signs in, outlives a reload, refuses its neighbours and signs out", async () => {
      const page = await openPage(`${OURS}/docs`);
      const credentials = { email: person.email, password: PASSWORD };
      const signedIn = await ask(page, "/auth/login", { method: "POST", headers: { "x-session": "cookie" }, body: credentials });
      expect(signedIn.status).toBe(200);
      const { csrfToken } = CookieSession.parse(signedIn.body);
      expect(await page.evaluate("document.cookie"), "no script reads it").toBe("");
      expect(await kept()).toMatchObject([{ httpOnly: true, secure: true, sameSite: "Lax", path: "/", domain: "localhost" }]);

      await page.reload();
      const shown = CurrentSession.parse((await ask(page, "/auth/session")).body);
      expect(shown).toMatchObject({ csrfToken, user: { email: person.email } });
      const change = { method: "PUT", body: { name: "Changed by a page" } };
      expect(codeOf(await ask(page, "/users/profile", change))).toBe("csrf_failed");
      const changed = await ask(page, "/users/profile", { ...change, headers: { "x-csrf-token": csrfToken } });
      expect(changed).toMatchObject({ status: 200, body: { name: "Changed by a page" } });

      for (const path of ["/auth/logout", "/auth/mfa/totp"])
        expect(await postFormFrom(NEIGHBOUR, path)).toEqual({ status: 403, code: "csrf_failed" });
      // Chromium counts `demo.localhost` as a site of its own, so that no cookie comes with the form.
      expect(await postFormFrom(ORGANIZER, "/auth/logout")).toEqual({ status: 401, code: "credential_missing" });

      const neighbour = await openPage(NEIGHBOUR);
      const stolen = neighbour.evaluate(
        `fetch("${OURS}/auth/session", { credentials: "include" }).then((answer) => answer.text())`,
      );
      await expect(stolen, "its browser tells it nothing").rejects.toThrow(/Failed to fetch/);
      const read = await neighbour.evaluate(`fetch("${OURS}/auth/session").then((answer) => answer.json())`);
      expect(ProblemBody.parse(read).code).toBe("credential_missing");
      const login = { method: "POST", headers: { "x-session": "cookie" }, body: credentials };
      await expect(ask(neighbour, `${OURS}/auth/login`, login), "it signs nobody in").rejects.toThrow(/Failed to fetch/);
      await neighbour.close();

      expect((await ask(page, "/auth/session")).status, "the session goes on").toBe(200);
      const renewed = await ask(page, "/auth/step-up", {
        method: "POST",
        headers: { "x-csrf-token": csrfToken },
        body: { password: PASSWORD },
      });
      const next = CookieSession.parse(renewed.body);
      const out = (token: string) => ask(page, "/auth/logout", { method: "POST", headers: { "x-csrf-token": token } });
      expect(codeOf(await out(csrfToken)), "the browser has another cookie now").toBe("csrf_failed");
      expect((await out(next.csrfToken)).status).toBe(204);
      expect(await kept()).toEqual([]);
      expect(codeOf(await ask(page, "/auth/session"))).toBe("credential_missing");
      await page.close();
    });

    test("is taken away by the answer that refuses it, once it was ended elsewhere", async () => {
      const page = await openPage(`${OURS}/docs`);
      const credentials = { email: person.email, password: PASSWORD };
      const login = { method: "POST", headers: { "x-session": "cookie" }, body: credentials };
      expect((await ask(page, "/auth/login", login)).status).toBe(200);
      expect(await kept()).toHaveLength(1);
      expect((await person.api.delete("/auth/sessions")).status).toBe(204);
      await expect.poll(async () => (await ask(page, "/users/profile")).status, { timeout: 10_500, interval: 250 }).toBe(401);
      expect(await kept()).toEqual([]);
      const events = await page.evaluate(`fetch("/events/search").then((answer) => answer.status)`);
      expect(events, "a guest again").toBe(200);
      parse(z.looseObject({ id: z.string() }), await person.api.get("/users/profile"), 200);
      await page.close();
    });
  },
);
