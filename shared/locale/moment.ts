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

/** "Saturday 5 June 2027 at 19:30–23:00 CEST": what both have in common is said once. */
export const readableSpan = (from: string, to: string, zone: string, locale: string): string =>
  longFormat(zone, locale).formatRange(new Date(from), new Date(to));

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
