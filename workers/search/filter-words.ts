/**
 * Filters as words of the index: the index walks only what fits all of them, instead of looking at every event that has a frequent word.
 * No word of a text has an underscore in it.
 */
import type { PublishedEvent } from "../../shared/contracts/events";
import { fold } from "../../shared/text/folding";
import { type Box, boxesAround, type Point } from "./places";
import { caseless } from "./words";

/** One word of the index for any text, and never the same for two. */
const spell = (text: string): string =>
  text.replace(/[^a-z0-9\u0080-\u{10ffff}]/gu, (character) => `_${character.charCodeAt(0).toString(16)}_`);

export const LIVE = "live_";
export const cityWord = (city: string): string => `city_${spell(fold(city).trim())}`;
export const categoryWord = (category: string): string => `category_${spell(caseless(category))}`;
export const organizerWord = (organizerId: string): string => `organizer_${spell(organizerId)}`;

/** Powers of two below a price; none for free, which is free in any currency. */
const sizeOf = (minor: number): number => Math.ceil(Math.log2(minor + 1));
const FREE = "price_free_";
const sizeWord = (size: number, currency: string): string => `price_${currency.toLowerCase()}_${size}`;
const anySizeWord = (size: number): string => `price_any_${size}`;

/** One of these words stands at everything whose cheapest ticket costs at most that, and at little that costs more. */
export function priceWords(maxMinor: number | undefined, currency: string | undefined): string[] {
  if (maxMinor === undefined) return currency === undefined ? [] : [FREE, `price_${currency.toLowerCase()}_`];
  const sizes = Array.from({ length: sizeOf(maxMinor) }, (_, index) => index + 1);
  return [FREE, ...sizes.map((size) => (currency === undefined ? anySizeWord(size) : sizeWord(size, currency)))];
}

/** Degrees. */
const GRIDS = [0.1, 1, 10];
const MAX_CELLS = 40;
/** Far below a metre, far above what floating point loses: no point may fall out of its box. */
const SLACK = 1e-6;

const row = (lat: number, grid: number): number => Math.max(0, Math.floor((lat + 90) / grid));
const column = (lng: number, grid: number): number => Math.max(0, Math.floor((lng + 180) / grid));
const cellWord = (grid: number, latRow: number, lngColumn: number): string =>
  `cell_${GRIDS.indexOf(grid)}_${latRow}_${lngColumn}`;

function cellsOf({ minLat, maxLat, minLng, maxLng }: Box, grid: number): string[] | null {
  const rows = [row(minLat - SLACK, grid), row(maxLat + SLACK, grid)] as const;
  const columns = [column(minLng - SLACK, grid), column(maxLng + SLACK, grid)] as const;
  if ((rows[1] - rows[0] + 1) * (columns[1] - columns[0] + 1) > MAX_CELLS) return null;
  const cells: string[] = [];
  for (let r = rows[0]; r <= rows[1]; r++) for (let c = columns[0]; c <= columns[1]; c++) cells.push(cellWord(grid, r, c));
  return cells;
}

/** One of these words stands at everything in the circle; none where that would be too many words. */
export function circleWords(center: Point, radiusKm: number): string[] {
  const boxes = boxesAround(center, radiusKm);
  for (const grid of GRIDS) {
    const cells = boxes.map((box) => cellsOf(box, grid));
    if (cells.every((found) => found !== null)) return cells.flat();
  }
  return [];
}

/** Everything that a question may filter by. */
export function filterWordsOf(event: PublishedEvent, isOver: boolean): string[] {
  const { city, coordinates } = event.location;
  const cheapest = cheapestOf(event);
  const price =
    cheapest === null
      ? []
      : cheapest.amount === 0
        ? [FREE]
        : [
            `price_${cheapest.currency.toLowerCase()}_`,
            anySizeWord(sizeOf(cheapest.amount)),
            sizeWord(sizeOf(cheapest.amount), cheapest.currency),
          ];
  return [
    ...(isOver ? [] : [LIVE]),
    cityWord(city),
    categoryWord(event.category),
    organizerWord(event.organizerId),
    ...price,
    ...GRIDS.map((grid) => cellWord(grid, row(coordinates.lat, grid), column(coordinates.lng, grid))),
  ];
}

/** All types of an event share one currency. */
export function cheapestOf({ ticketTypes }: PublishedEvent): { amount: number; currency: string } | null {
  const [first] = ticketTypes;
  return first ? { amount: Math.min(...ticketTypes.map(({ price }) => price.amount)), currency: first.price.currency } : null;
}
