/** Where an event is, and by which clock. */
import { z } from "zod";
import { Title } from "./text";

/** The zone's name as `Intl`, which carries the tz database, spells it; null for none. */
function zoneKnownAs(zone: string): string | null {
  try {
    return /^[A-Za-z]/.test(zone) ? new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone : null;
  } catch {
    return null;
  }
}

/** As the tz database writes it. Another name of the same zone stays: ICU would make Asia/Calcutta of Asia/Kolkata. */
function spellZone(zone: string): string {
  const known = zoneKnownAs(zone);
  return known?.toLowerCase() === zone.toLowerCase() ? known : zone;
}

/** An IANA zone that the runtime knows. */
export const TimeZone = z
  .string()
  .max(64)
  .refine((zone) => zoneKnownAs(zone) !== null, "an IANA time zone")
  .overwrite(spellZone)
  .meta({ example: "Europe/Vienna" });

export const Location = z.strictObject({
  venue: Title(200),
  address: Title(300, 0),
  city: Title(100),
  /** ISO 3166-1 alpha-2, or a country's name: API.md does not fix which. */
  country: Title(100, 2),
  coordinates: z.strictObject({ lat: z.number().min(-90).max(90), lng: z.number().min(-180).max(180) }),
});
