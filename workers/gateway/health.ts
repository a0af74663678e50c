import { DOMAINS } from "../../shared/contracts/domain";
import { doorsOf } from "./doors";

const PING_TIMEOUT_MS = 2_000;

async function answers(ping: Promise<"ok">): Promise<"ok" | "down"> {
  const late = scheduler.wait(PING_TIMEOUT_MS).then(() => "down" as const);
  return Promise.race([ping, late]).catch(() => "down" as const);
}

/** 200 once every Worker answers, 503 until then; the body names them either way. */
export async function health(env: GatewayEnv): Promise<Response> {
  const doors = doorsOf(env);
  const states = await Promise.all(DOMAINS.map(async (domain) => [domain, await answers(doors[domain].ping())] as const));
  const services: Record<string, "ok" | "down"> = { gateway: "ok", ...Object.fromEntries(states) };
  const ok = states.every(([, state]) => state === "ok");
  return Response.json(
    { status: ok ? "ok" : "unavailable", services },
    ok ? { status: 200 } : { status: 503, headers: { "retry-after": "1" } },
  );
}
