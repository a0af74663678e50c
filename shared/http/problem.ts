import type { ProblemBody } from "../contracts/problem-body";
import { PROBLEMS, type ProblemCode, type Refusal } from "../contracts/problems";

/** How a refusal leaves a route. Thrown by routes and guards only: noun modules return `Result`. */
export class Problem extends Error {
  readonly refusal: Refusal;

  constructor(code: ProblemCode, refusal: Omit<Refusal, "code"> = {}) {
    super(code);
    this.name = "Problem";
    this.refusal = { ...refusal, code };
  }
}

/** The one place that turns a refusal into `application/problem+json` (RFC 9457). */
export function problemResponse(refusal: Refusal, requestId: string, headers: Record<string, string> = {}): Response {
  const { status, title } = PROBLEMS[refusal.code];
  const body: ProblemBody = {
    type: `https://bilten.example/problems/${refusal.code}`,
    title,
    status,
    detail: refusal.detail ?? title,
    code: refusal.code,
    requestId,
    ...(refusal.errors ? { errors: refusal.errors } : {}),
    ...refusal.members,
  };
  const all = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store", ...headers });
  if (status === 401) all.set("www-authenticate", challengeOf(refusal));
  // On 429 and 503 always; elsewhere where waiting helps, e.g. for the first request with the same key.
  if (status === 429 || status === 503 || refusal.retryAfterSeconds !== undefined)
    all.set("retry-after", String(Math.max(1, Math.ceil(refusal.retryAfterSeconds ?? 1))));
  return Response.json(body, { status, headers: all });
}

/** The 401s that judge what `Authorization` brought. A wrong password or refresh token says nothing of an access token. */
const JUDGES_TOKEN: readonly ProblemCode[] = ["credential_invalid", "credential_expired", "token_stale"];

/** What a client may do about a 401 (RFC 6750, 3 and 3.1; RFC 9470, 3). */
function challengeOf({ code, maxAgeSeconds }: Refusal): string {
  if (JUDGES_TOKEN.includes(code)) return 'Bearer error="invalid_token"';
  if (code !== "insufficient_user_authentication") return "Bearer";
  const maxAge = maxAgeSeconds === undefined ? "" : `, max_age="${maxAgeSeconds}"`;
  return `Bearer error="insufficient_user_authentication", error_description="${PROBLEMS[code].title}"${maxAge}`;
}
