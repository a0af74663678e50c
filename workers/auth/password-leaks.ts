/**
 * Whether a password is known from a leak, asked of Pwned Passwords' range API (v3) where PWNED_PASSWORDS_API names one. Only the first
 * five digits of its SHA-1 leave (k-anonymity), and a service that is slow, down or strange never keeps anybody from a password.
 */
import { utf8 } from "../../shared/crypto/bytes";
import { reportError } from "../../shared/observability/report";
import type { After } from "./news";

const PREFIX_DIGITS = 5;
const TIMEOUT_MS = 1_000;
/** A padded answer has about 1,000 lines of 40 characters. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** `password` as it is hashed for storing: normalized. False while nothing is configured. */
export async function isLeaked(env: AuthEnv, after: After, password: string): Promise<boolean> {
  if (!env.PWNED_PASSWORDS_API) return false;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", utf8(password))).toHex().toUpperCase();
  const [prefix, suffix] = [digest.slice(0, PREFIX_DIGITS), digest.slice(PREFIX_DIGITS)];
  try {
    const answer = await fetch(`${env.PWNED_PASSWORDS_API.replace(/\/$/, "")}/range/${prefix}`, {
      // So that the answer's length does not tell which range it was.
      headers: { "add-padding": "true", "user-agent": "bilten" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: "manual",
    });
    if (!answer.ok || !answer.body) throw new Error(`the range was answered with ${answer.status}`);
    return await names(answer.body, suffix);
  } catch (error) {
    reportError(error, env, after, { task: "ask for leaked passwords" });
    return false;
  }
}

/** `SUFFIX:COUNT` a line; a count of 0 is padding. */
async function names(body: ReadableStream<Uint8Array>, suffix: string): Promise<boolean> {
  let text = "";
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error("the range is longer than any is");
    text += decoder.decode(chunk, { stream: true });
  }
  return text.split(/\r?\n/).some((line) => {
    const [found, count] = line.split(":");
    return found?.toUpperCase() === suffix && Number(count) > 0;
  });
}
