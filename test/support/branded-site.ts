import type { Site } from "../../workers/sites/site";
import { languageFor } from "../../workers/sites/words";
import { publishedEvent } from "./published-event";

/** An organizer's site in colours that are hard to read, for tests that run without the Workers that know it. */
export function brandedSite(language = "en"): Site {
  const { organizerId, createdAt } = publishedEvent();
  return {
    organizer: { id: organizerId, name: "Blue Note", slug: "blue-note", createdAt, updatedAt: createdAt },
    brand: {
      organizerId,
      primaryColor: "#fde047",
      secondaryColor: "#1c1917",
      logoUrl: null,
      faviconUrl: null,
      logo: null,
      favicon: null,
      cover: null,
      fontFamily: "system-ui",
      tagline: null,
      links: [],
      customCSS: "",
      contrast: { primaryOnWhite: 1.31, secondaryOnWhite: 17.48, textOnPrimary: "#000000", textOnSecondary: "#ffffff" },
      updatedAt: null,
    },
    language: languageFor(language),
    origin: "https://blue-note.sites.bilten.example",
  };
}
