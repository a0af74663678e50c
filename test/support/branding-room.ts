/** Branding's own rooms inside workerd: its database and bucket, and a member of one organizer's team. */
import { env } from "cloudflare:workers";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { storeAsset } from "../../workers/branding/assets";
import type { Env } from "../../workers/branding/environment";
import { readPicture } from "../../workers/branding/pictures";
import { app } from "../../workers/branding/routes";
import { png } from "./pictures";

export const bound = { DB: env.BRANDING_DB, BRAND_ASSETS: env.BRAND_ASSETS };
export const organizerId = "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5f";
export const strangerId = "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e60";
export const NOW_MS = Date.parse("2027-03-01T09:30:00Z");

function pictureOf(bytes: Uint8Array) {
  const read = readPicture(bytes);
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}
export const picture = pictureOf(png(3, 2));

export async function store(over: Partial<Parameters<typeof storeAsset>[1]> = {}, bindings: typeof bound = bound) {
  const stored = await storeAsset(bindings, { organizerId, kind: "logo", picture, ...over }, NOW_MS);
  if (!stored.ok) throw new Error(stored.error.code);
  return stored.value;
}
export const objects = async (): Promise<number> => (await bound.BRAND_ASSETS.list()).objects.length;
export const rows = async (): Promise<string[]> =>
  (await bound.DB.prepare("SELECT state FROM brand_assets").all<{ state: string }>()).results.map(({ state }) => state);

const siblings: Pick<Env, "USERS"> = {
  USERS: {
    membership: async (_user, organizer) => (organizer === organizerId ? "marketing" : null),
    organizers: async () => [],
    organizerBySlug: async () => null,
  },
};
const bindings = { ...bound, ENVIRONMENT: "development", SITES_BASE_HOST: "localhost", ...siblings };
const principal = { kind: "user", userId: organizerId, sessionId: "s", role: "user", authTimeMs: 0, organizerHost: false };
export const signedIn = { [INTERNAL_HEADERS.principal]: JSON.stringify(principal) };
export const request = (path: string, init: RequestInit = {}) => app.request(path, init, bindings);
export const codeOf = async (answer: Response): Promise<string> =>
  `${answer.status} ${ProblemBody.parse(await answer.json()).code}`;
export const upload = (body: BodyInit, query = `?organizerId=${organizerId}&kind=logo`, headers: Record<string, string> = {}) =>
  request(`/branding/assets${query}`, { method: "POST", body, headers: { ...signedIn, ...headers } });
