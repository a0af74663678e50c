/** Events as a platform of some years has them: words, cities and prices are as unevenly spread as in life, and always the same. */
import { createHash } from "node:crypto";
import type { PublishedEvent } from "../../shared/contracts/events.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** mulberry32, so that two runs measure the same events. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SYLLABLES = "ka lo mi ra ne to sa ber lin vo ta ri mo na del cor wen sto phi gar hu ze bal ti ron".split(" ");
export const KINDS = "Festival Concert Night Live Party Jazz Coffee Workshop Theatre Comedy Opera Rock Food Market Tour".split(
  " ",
);
const ADJECTIVES = "Summer Winter Grand Open Great Young Midnight Golden International Classic Royal Electric".split(" ");
const CATEGORIES = "Jazz Rock Theatre Comedy Food Sport Family Classical".split(" ");
const VENUES = "Hall Arena Club Stadium Garden Opera House Park Cellar Dome".split(" ");
const CURRENCIES = ["EUR", "EUR", "EUR", "GBP", "USD", "TRY", "JPY"];
const KNOWN_CITIES: [name: string, country: string, lat: number, lng: number, zone: string][] = [
  ["İstanbul", "TR", 41.0082, 28.9784, "Europe/Istanbul"],
  ["Wien", "AT", 48.2082, 16.3738, "Europe/Vienna"],
  ["Berlin", "DE", 52.52, 13.405, "Europe/Berlin"],
  ["London", "GB", 51.5074, -0.1278, "Europe/London"],
  ["München", "DE", 48.1351, 11.582, "Europe/Berlin"],
  ["New York", "US", 40.7128, -74.006, "America/New_York"],
  ["東京", "JP", 35.6762, 139.6503, "Asia/Tokyo"],
];

export function* manyEvents(count: number, nowMs: number): Generator<PublishedEvent> {
  const random = randomOf(20_261_123);
  /** The first are frequent, as words and cities are. */
  const skewed = (length: number): number => Math.floor(length * random() ** 3);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const word = (syllables: number) => Array.from({ length: syllables }, () => pick(SYLLABLES)).join("");
  const named = (syllables: number) => word(syllables).replace(/^./, (first) => first.toUpperCase());
  const id = (name: string) =>
    createHash("sha256")
      .update(name)
      .digest("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
  const vocabulary = Array.from({ length: 4_000 }, () => word(2 + Math.floor(random() * 2)));
  // What is asked for stands in some 2 to 6 % of the descriptions; more frequent are only words that nobody asks for.
  for (const [index, said] of [...KINDS, ...ADJECTIVES].entries()) vocabulary[150 + 30 * index] = said;
  const artists = Array.from({ length: 8_000 }, () => `${named(2)} ${named(3)}`);
  const cities = [
    ...KNOWN_CITIES,
    ...Array.from({ length: 400 }, (): (typeof KNOWN_CITIES)[number] => [
      named(3),
      "XX",
      random() * 120 - 50,
      random() * 340 - 170,
      "Europe/Paris",
    ]),
  ];
  for (let index = 0; index < count; index++) {
    const [city, country, lat, lng, timezone] = cities[skewed(cities.length)] as (typeof cities)[number];
    const startMs = Math.floor((nowMs + (random() * 540 - 180) * DAY_MS) / (HOUR_MS / 2)) * (HOUR_MS / 2);
    const endMs = startMs + (random() < 0.05 ? (1 + Math.floor(random() * 60)) * DAY_MS : 3 * HOUR_MS);
    const eventId = id(`event ${index}`);
    const currency = pick(CURRENCIES);
    const amount = random() < 0.05 ? 0 : 500 + 100 * skewed(150);
    const created = new Date(nowMs - 30 * DAY_MS).toISOString();
    yield {
      id: eventId,
      organizerId: id(`organizer ${skewed(2_000)}`),
      title: `${pick(ADJECTIVES)} ${KINDS[skewed(KINDS.length)]} with ${artists[skewed(artists.length)]}`,
      description: Array.from({ length: 40 + Math.floor(random() * 80) }, () => vocabulary[skewed(vocabulary.length)]).join(" "),
      category: pick(CATEGORIES),
      startDate: new Date(startMs).toISOString(),
      endDate: new Date(endMs).toISOString(),
      timezone,
      location: {
        venue: `${named(2)} ${pick(VENUES)}`,
        address: "Main street 1",
        city,
        country,
        coordinates: { lat: lat + (random() - 0.5) / 4, lng: lng + (random() - 0.5) / 4 },
      },
      capacity: 500,
      status: "published",
      settings: { allowWaitlist: false, requireApproval: false, isPublic: true, refundPolicy: "organizer", holdSeconds: 600 },
      ticketTypes: ["Standing", "Seated"].map((name, position) => ({
        id: id(`type ${index} ${position}`),
        eventId,
        name,
        price: { amount: amount * (position + 1), currency },
        quantity: 250,
        minPerOrder: 1,
        maxPerOrder: 10,
      })),
      createdAt: created,
      updatedAt: created,
    };
  }
}
