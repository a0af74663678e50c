/**
 * Sessions and accounts that ended before their access tokens. Each isolate has a copy that it renews beside the requests: none of them
 * waits for an answer while the copy is fresh, and none is decided by one that is too old.
 */
import type { Denied } from "../../shared/contracts/denials";
import { answered } from "./siblings";

/** Asked for again beside a request, after … */
const REFRESH_AFTER_MS = 5_000;
/** What ended is refused within this, wherever it is asked. */
export const MAX_AGE_MS = 10_000;
/** After a question that failed. */
const ASK_AGAIN_AFTER_MS = 1_000;

/** What runs on when the answer is out; an execution context is one. */
export type After = Pick<ExecutionContext, "waitUntil">;

type Auth = { denied(): Promise<Denied> };

interface Copy {
  asOfMs: number;
  allNotBeforeMs: number;
  notBeforeMs: Map<string, number>;
}

let copy: Copy | undefined;
let nextAskMs = 0;

export interface Issued {
  userId: string;
  sessionId: string;
  issuedAtMs: number;
}

/** Throws `SiblingDown` when nobody can say. */
export async function isDenied({ userId, sessionId, issuedAtMs }: Issued, auth: Auth, after: After) {
  const known = await freshCopy(auth, after);
  return (
    issuedAtMs < known.allNotBeforeMs ||
    issuedAtMs < (known.notBeforeMs.get(sessionId) ?? 0) ||
    issuedAtMs < (known.notBeforeMs.get(userId) ?? 0)
  );
}

async function freshCopy(auth: Auth, after: After): Promise<Copy> {
  const nowMs = Date.now();
  // An answer cannot be shared between requests, so that each one that needs it asks; auth remembers it.
  if (!copy || nowMs - copy.asOfMs > MAX_AGE_MS) return refresh(auth, nowMs);
  if (nowMs >= nextAskMs) {
    nextAskMs = nowMs + REFRESH_AFTER_MS;
    after.waitUntil(
      refresh(auth, nowMs).catch(() => {
        nextAskMs = nowMs + ASK_AGAIN_AFTER_MS;
      }),
    );
  }
  return copy;
}

async function refresh(auth: Auth, nowMs: number): Promise<Copy> {
  const { asOfMs, allNotBeforeMs, denials } = await answered(auth.denied());
  const notBeforeMs = new Map(denials.map((denial) => [denial.id, denial.notBeforeMs]));
  const read: Copy = { asOfMs, allNotBeforeMs, notBeforeMs };
  // Of two answers that cross each other the newer one stays.
  if (!copy || asOfMs >= copy.asOfMs) copy = read;
  nextAskMs = nowMs + REFRESH_AFTER_MS;
  return copy;
}
