/**
 * A flood of wrong logins, each of another person, from a hundred addresses: what it does to the door of an event, and to somebody who
 * signs in with the right password meanwhile. Locally all Workers share one thread, which makes this the worst case.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { openBoxOffice, PASSWORD } from "./box-office.ts";
import type { HouseUnderLoad } from "./house-under-load.ts";

const ADDRESSES = 100;
const WRONG_LOGINS = 1_000;
const TICKETS_AN_ORDER = 10;
const ORDERS = 100;
/** A door's staff scans; each waits for the answer and this long. */
const BETWEEN_SCANS_MS = 50;
const SCANS_BEFORE = 200;
const BETWEEN_LOGINS_MS = 500;
const LOGINS_BEFORE = 20;
const JSON_HEADERS = { "content-type": "application/json" };

interface Times {
  count: number;
  p50Ms: number;
  p99Ms: number;
}

export interface LoginFloodFigures {
  scansBefore: Times;
  scansBeside: Times;
  loginsBefore: Times;
  loginsBeside: Times;
  /** Of the right ones, for want of a turn. */
  refusedLogins: number;
  floodSeconds: number;
  /** Status → how many of the flood's logins were answered so. */
  answers: Map<number, number>;
}

function timesOf(samples: readonly number[]): Times {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

export async function measureLoginFlood(house: HouseUnderLoad): Promise<LoginFloodFigures> {
  const box = await openBoxOffice(house.gateway);
  const { eventId, ticketTypeId } = await box.publish(ORDERS * TICKETS_AN_ORDER);
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(house.gateway + path, { method, headers: { ...JSON_HEADERS, ...headers }, ...sent });
    return { status: response.status, text: await response.text() };
  };

  const codes: string[] = [];
  for (let n = 0; n < ORDERS; n++) {
    const items = [{ ticketTypeId, quantity: TICKETS_AN_ORDER }];
    const placed = await call("POST", "/orders", { eventId, items, buyer: { email: `bea-${n}@people.example`, name: "Bea" } });
    const order = JSON.parse(placed.text) as { id: string; accessToken: string };
    const bearer = { authorization: `Bearer ${order.accessToken}` };
    const card = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
    await call("POST", "/payments/process", card, bearer);
    const tickets = await call("GET", `/orders/${order.id}/tickets`, undefined, bearer);
    codes.push(...(JSON.parse(tickets.text) as { data: { code: string }[] }).data.map(({ code }) => code));
  }

  const scan = async (): Promise<number> => {
    const startMs = performance.now();
    const body = { code: codes.pop(), nonce: randomUUID() };
    const { status, text } = await call("POST", `/events/${eventId}/check-ins`, body, { authorization: `Bearer ${box.token}` });
    if (status !== 201) throw new Error(`a check-in answered ${status} ${text}`);
    return performance.now() - startMs;
  };
  let refusedLogins = 0;
  const logIn = async (): Promise<number> => {
    const startMs = performance.now();
    const { status, text } = await call("POST", "/auth/login", { email: box.email, password: PASSWORD });
    if (status === 503) refusedLogins++;
    else if (status !== 200) throw new Error(`a right login answered ${status} ${text}`);
    return performance.now() - startMs;
  };
  const repeat = async (work: () => Promise<number>, pauseMs: number, goesOn: (done: number) => boolean): Promise<Times> => {
    const samples: number[] = [];
    while (goesOn(samples.length)) {
      samples.push(await work());
      await wait(pauseMs);
    }
    return timesOf(samples);
  };

  await repeat(scan, 0, (done) => done < 10);
  const scansBefore = await repeat(scan, BETWEEN_SCANS_MS, (done) => done < SCANS_BEFORE);
  const loginsBefore = await repeat(logIn, 0, (done) => done < LOGINS_BEFORE);

  const answers = new Map<number, number>();
  const startMs = performance.now();
  let running = true;
  const flood = Promise.all(
    Array.from({ length: ADDRESSES }, async (_, from) => {
      for (let n = 0; n < WRONG_LOGINS / ADDRESSES; n++) {
        const nobody = { email: `nobody-${from}-${n}@people.example`, password: "wrong" };
        const { status } = await call("POST", "/auth/login", nobody, { "cf-connecting-ip": `198.51.100.${from}` });
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    }),
  ).then(() => {
    running = false;
    return (performance.now() - startMs) / 1_000;
  });
  const [scansBeside, loginsBeside, floodSeconds] = await Promise.all([
    repeat(scan, BETWEEN_SCANS_MS, () => running && codes.length > 0),
    repeat(logIn, BETWEEN_LOGINS_MS, () => running),
    flood,
  ]);
  return { scansBefore, scansBeside, loginsBefore, loginsBeside, refusedLogins, floodSeconds, answers };
}

export function printLoginFlood(figures: LoginFloodFigures): void {
  const told = ({ count, p50Ms, p99Ms }: Times) => `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (${count})`;
  const answers = [...figures.answers].map(([status, count]) => `${count} × ${status}`).join(", ");
  console.log(`\n${WRONG_LOGINS} wrong logins from ${ADDRESSES} addresses in ${figures.floodSeconds.toFixed(0)} s: ${answers}`);
  console.log(`  a check-in without them ${told(figures.scansBefore)}`);
  console.log(`  a check-in beside them  ${told(figures.scansBeside)}`);
  console.log(`  a login without them    ${told(figures.loginsBefore)}`);
  console.log(`  a login beside them     ${told(figures.loginsBeside)}, refused ${figures.refusedLogins}`);
}
