/** What a person recognizes a session by. Roughly: it is shown to its owner and decides nothing but whether a mail is sent. */

export interface Client {
  /** "Firefox on Linux". */
  device: string;
  /** "Vienna, AT", as far as the edge knows it. */
  place: string | null;
}

/** The first that fits: browsers name those before them. */
const PROGRAMS: readonly [RegExp, string][] = [
  [/\bEdgA?\/|\bEdgiOS\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bCriOS\/|\bChrom(e|ium)\/|\bHeadlessChrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
  [/^node\b|\bundici\b/, "Node.js"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b|\biPad\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];
/** A longer text is looked at no further. */
const MAX_USER_AGENT_LENGTH = 1_024;
const MAX_PLACE_LENGTH = 128;

const firstOf = (table: readonly [RegExp, string][], text: string): string | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1];

export function deviceOf(userAgent: string): string {
  const text = userAgent.slice(0, MAX_USER_AGENT_LENGTH);
  const program = firstOf(PROGRAMS, text);
  const system = firstOf(SYSTEMS, text);
  return program && system ? `${program} on ${system}` : (program ?? system ?? "Unknown device");
}

/** The platform knows city and country on its network only, and not always. */
export function placeOf(cf: unknown): string | null {
  if (typeof cf !== "object" || cf === null) return null;
  const city = "city" in cf && typeof cf.city === "string" ? cf.city : "";
  const country = "country" in cf && typeof cf.country === "string" ? cf.country : "";
  const place = [city, country].filter((part) => part !== "").join(", ");
  return place === "" ? null : place.slice(0, MAX_PLACE_LENGTH);
}

/** The country's two letters at the end of a place; null where the edge knew none. */
export const countryOf = (place: string | null): string | null => /(?:^|, )([A-Z][A-Z0-9])$/.exec(place ?? "")?.[1] ?? null;

export const clientOf = (request: Request): Client => ({
  device: deviceOf(request.headers.get("user-agent") ?? ""),
  place: placeOf(request.cf),
});
