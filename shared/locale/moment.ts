/** Times as people at the event's place read them; `timestamp`s are RFC 3339, `zone`s IANA. */

const longFormat = (zone: string, locale: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });

/** "Saturday 5 June 2027 at 19:30 CEST" */
export const readableMoment = (timestamp: string, zone: string, locale: string): string =>
  longFormat(zone, locale).format(new Date(timestamp));

/** "Saturday 5 June 2027 at 19:30–23:00 CEST": what both have in common is said once. Across a change of the clocks each has its own zone. */
export function readableSpan(from: string, to: string, zone: string, locale: string): string {
  const format = longFormat(zone, locale);
  const [start, end] = [new Date(from), new Date(to)];
  return offsetMinutes(start, zone) === offsetMinutes(end, zone)
    ? format.formatRange(start, end)
    : `${format.format(start)} – ${format.format(end)}`;
}

/** The local calendar day, an RFC 3339 full-date. */
export const localDay = (ms: number, zone: string): string => dayFormat(zone).format(ms);

/** Making a format costs a thousand times what using it costs. Bounded: there are some 600 zones. */
const dayFormats = new Map<string, Intl.DateTimeFormat>();
function dayFormat(zone: string): Intl.DateTimeFormat {
  let format = dayFormats.get(zone);
  if (!format) {
    // Sweden's short date is ISO 8601's.
    format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
    dayFormats.set(zone, format);
  }
  return format;
}

/** "Central European Time": what the zone is called, whatever the season. */
export function zoneName(timestamp: string, zone: string, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "longGeneric" });
  const parts = format.formatToParts(new Date(timestamp));
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? zone;
}

/** "19:42:10 CEST", for moments of today. */
export const readableTime = (timestamp: string, zone: string, locale: string): string =>
  new Intl.DateTimeFormat(locale, { timeZone: zone, timeStyle: "medium" }).format(new Date(timestamp)) +
  ` ${zoneAbbreviation(timestamp, zone, locale)}`;

const zoneAbbreviation = (timestamp: string, zone: string, locale: string): string =>
  new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" })
    .formatToParts(new Date(timestamp))
    .find(({ type }) => type === "timeZoneName")?.value ?? zone;

/** As the zone's clocks show it, without the offset: `2027-06-05T19:30:00`. */
const localTime = (at: Date, zone: string): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(at).replace(" ", "T");

const offsetMinutes = (at: Date, zone: string): number =>
  Math.round((Date.parse(`${localTime(at, zone)}Z`) - at.getTime()) / 60_000);

/** The instant with the zone's own offset (RFC 3339): `2027-06-05T19:30:00+02:00`. */
export function zonedTimestamp(timestamp: string, zone: string): string {
  const at = new Date(timestamp);
  const minutes = offsetMinutes(at, zone);
  const offset = `${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, "0")}:${String(Math.abs(minutes) % 60).padStart(2, "0")}`;
  return `${localTime(at, zone)}${minutes < 0 ? "-" : "+"}${offset}`;
}
