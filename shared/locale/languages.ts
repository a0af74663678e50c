/** What Bilten writes to people in. A further language is a tag here and a catalogue in each room that has one. */

/** BCP 47. The first is for those who did not say what they read. */
export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** The locale in which dates and sums are written; English has days before months. */
export const LOCALES: Record<Language, string> = { en: "en-GB", de: "de-DE" };

/** Of one that was kept: by another version of Bilten, or not at all. */
export const languageKept = (tag: string | null): Language => LANGUAGES.find((language) => language === tag) ?? LANGUAGES[0];
