/** A moment as people at the event's place read it: "Saturday 5 June 2027 at 19:30 CEST". `timestamp` is RFC 3339, `zone` IANA. */
export const readableMoment = (timestamp: string, zone: string, locale: string): string =>
  new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(new Date(timestamp));

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
