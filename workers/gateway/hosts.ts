import { mayLookUpHost } from "./rate-limits";
import { answered } from "./siblings";

/** Whose host was asked: the API's own, an organizer's, or nobody's (rule 5); `limited` when the caller made up too many names. */
export type Host = { kind: "api" } | { kind: "organizer"; organizerId: string } | { kind: "unknown" } | { kind: "limited" };

const REMEMBER_MS = 60_000;
/** Names that strangers can make up must not fill the isolate. */
const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, { host: Host; untilMs: number }>();

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Parsed once: the issuer is configuration. */
let api: { issuer: string; hostname: string } | undefined;

function apiHostname(issuer: string): string {
  if (api?.issuer !== issuer) api = { issuer, hostname: new URL(issuer).hostname };
  return api.hostname;
}

export const isApiHost = (hostname: string, env: GatewayEnv): boolean =>
  hostname === apiHostname(env.ISSUER) || (env.ENVIRONMENT === "development" && LOOPBACK.includes(hostname));

export async function hostOf(hostname: string, address: string, env: GatewayEnv, nowMs: number): Promise<Host> {
  if (isApiHost(hostname, env)) return { kind: "api" };
  const known = remembered.get(hostname);
  if (known && known.untilMs > nowMs) return known.host;
  if (!(await mayLookUpHost(address, env))) return { kind: "limited" };
  const owner = await answered(env.BRANDING.organizerOfHost(hostname));
  const host: Host = owner ? { kind: "organizer", organizerId: owner.organizerId } : { kind: "unknown" };
  remember(hostname, { host, untilMs: nowMs + REMEMBER_MS });
  return host;
}

/** The name that was learnt first goes first, so that a flood of made-up names costs an organizer one look-up, not all of them. */
function remember(hostname: string, entry: { host: Host; untilMs: number }): void {
  remembered.delete(hostname);
  const oldest = remembered.keys().next();
  if (remembered.size >= MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value);
  remembered.set(hostname, entry);
}
