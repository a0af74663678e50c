/** Which keys the gateway asks auth about: one that was made a moment ago counts at once, and made-up ones cost little. */
import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

type VerificationKeys = typeof import("../../workers/gateway/verification-keys");

const START_MS = Date.parse("2027-01-01T12:00:00Z");
const { publicKey } = await generateKeyPair("RS256", { extractable: true });
const jwk = await exportJWK(publicKey);

let verificationKey: VerificationKeys["verificationKey"];
let published: string[];
let asked: number;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  // Each test is an isolate of its own.
  vi.resetModules();
  ({ verificationKey } = await import("../../workers/gateway/verification-keys"));
  published = ["first"];
  asked = 0;
});
afterEach(() => void vi.useRealTimers());

const jwks = async () => {
  asked += 1;
  return { keys: published.map((kid) => ({ ...jwk, kid })) };
};
// The gateway reads nothing else of its environment to find a key.
const env = { AUTH: { jwks } } as unknown as GatewayEnv;
const isGood = async (kid: string) => (await verificationKey(kid, env)) !== undefined;
const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

test("a key that was made right after the last look is good at once, for all that show it", async () => {
  expect(await isGood("first")).toBe(true);
  published.push("second");
  pass(1);
  expect(await Promise.all([1, 2, 3].map(() => isGood("second")))).toEqual([true, true, true]);
  published.push("third");
  expect([await isGood("third"), await isGood("first")]).toEqual([true, true]);
});

test("of a made-up key auth is asked once in five seconds", async () => {
  for (let n = 0; n < 5; n++) expect(await isGood("made up")).toBe(false);
  expect(asked).toBe(1);
  pass(5_001);
  expect(await isGood("made up")).toBe(false);
  expect(asked).toBe(2);
});

test("of many made-up keys auth is asked about twenty, the others are put off, and known ones go on", async () => {
  expect(await isGood("first")).toBe(true);
  for (let n = 0; n < 19; n++) await isGood(`made up ${n}`);
  expect(asked).toBe(20);
  published.push("second");
  const { TooManyLookUps } = await import("../../workers/gateway/look-ups");
  await expect(isGood("second")).rejects.toThrow(TooManyLookUps);
  expect([await isGood("first"), asked]).toEqual([true, 20]);
  pass(5_001);
  expect(await isGood("second")).toBe(true);
});

test("keys that are known are read anew every five minutes, and one that is gone counts no more", async () => {
  expect(await isGood("first")).toBe(true);
  published = ["second"];
  pass(300_000);
  expect([await isGood("first"), asked]).toEqual([true, 1]);
  pass(1);
  expect([await isGood("first"), asked]).toEqual([false, 2]);
});

test("while auth is away a known key goes on, and of another one nobody can say", async () => {
  expect(await isGood("first")).toBe(true);
  pass(300_001);
  const away = { AUTH: { jwks: () => Promise.reject(new Error("gone")) } } as unknown as GatewayEnv;
  expect(await verificationKey("first", away)).toBeDefined();
  await expect(verificationKey("second", away)).rejects.toThrow("did not answer");
  expect(await isGood("second")).toBe(false);
});
