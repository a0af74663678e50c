/**
 * The SQL of a search. The index is walked in the order of its ids, which is the order of time, and only until a page is full: what is
 * frequent costs no more than what is rare. The arms of a UNION ALL run one after the other and stop with the outer LIMIT. SQLite in D1
 * takes five of them. All that a client wrote is bound, never part of the text.
 */
import { firstIdOf, lastIdOf } from "./document-ids";
import { categoryWord, circleWords, cityWord, LIVE, organizerWord, priceWords } from "./filter-words";
import { matchOf } from "./match";
import { distanceSql, type Point } from "./places";
import type { Asked } from "./search";

export interface Statement {
  sql: string;
  values: (string | number)[];
}

/** Where a page ended: the tier or the distance, and the document. */
export interface Position {
  position: number;
  docId: number;
}

/** The tier of what is found only because something else was meant. Above those of `tiersOf`. */
export const CORRECTED = 9;

const HOUR_MS = 3_600_000;
/** How far ahead of UTC and behind it calendars run. */
const [AHEAD_MS, BEHIND_MS] = [14 * HOUR_MS, 12 * HOUR_MS];
const isDay = (moment: string): boolean => !moment.includes("T");

class Values {
  readonly list: (string | number)[] = [];

  bound(value: string | number): string {
    return `?${this.list.push(value)}`;
  }

  /** A number is bound as a REAL, which the index does not take for an id. */
  id(value: number): string {
    return `CAST(${this.bound(value)} AS INTEGER)`;
  }
}

/** Found by the words of each tier, the best first, each in the order of time. */
export function byWords(asked: Asked, tiers: readonly string[], first: number, after: Position | null): Statement {
  const values = new Values();
  const limit = values.bound(asked.limit + 1);
  const circle = asked.near ? circleWords(asked.near, asked.radiusKm) : [];
  const km = asked.near && kmFrom(asked.near, values);
  const arms = tiers.flatMap((expression, index) => {
    const tier = first + index;
    if (after && tier < after.position) return [];
    const { from, conditions, id } = walk(asked, matchOf(expression, [...groups(asked), circle]), values);
    if (km) conditions.push(`${km} <= ${values.bound(asked.radiusKm)}`);
    if (after?.position === tier) conditions.push(`${id} > ${values.id(after.docId)}`);
    return [`SELECT ${tier} AS position, doc_id FROM ${from} WHERE ${conditions.join(" AND ")} ORDER BY ${id} LIMIT ${limit}`];
  });
  return bodiesOf(arms, limit, values);
}

/** What is on, in the order of time. */
export function inOrder(asked: Asked, after: Position | null): Statement {
  const values = new Values();
  const asking = groups(asked).filter((group) => group.length > 0);
  const isAllThatIsOn = asking.length === 1 && asked.from === undefined;
  const { from, conditions, id } = walk(asked, isAllThatIsOn ? null : matchOf(null, asking), values);
  if (isAllThatIsOn) conditions.push("over = 0");
  if (after) conditions.push(`${id} > ${values.id(after.docId)}`);
  const limit = values.bound(asked.limit + 1);
  const arm = `SELECT 0 AS position, doc_id FROM ${from} WHERE ${conditions.join(" AND ")} ORDER BY ${id} LIMIT ${limit}`;
  return bodiesOf([arm], limit, values);
}

/** Arms of a UNION ALL. */
const MAX_RINGS = 5;
/** The innermost: a kilometre of a great city has a page of events. */
const FIRST_RING_KM = 1;

/**
 * The radii of circles, each as many times the one within it, so that a place with much around it is not all looked at for the nearest
 * of it: whatever the radius asked for, the ring that fills a page has no more than some multiple of a page in it.
 */
function ringsOf(radiusKm: number): number[] {
  if (radiusKm <= FIRST_RING_KM) return [radiusKm];
  const times = (radiusKm / FIRST_RING_KM) ** (1 / (MAX_RINGS - 1));
  return Array.from({ length: MAX_RINGS }, (_, index) => (index === MAX_RINGS - 1 ? radiusKm : FIRST_RING_KM * times ** index));
}

/** The nearest first. */
export function byDistance(asked: Asked, center: Point, after: Position | null): Statement {
  const values = new Values();
  const km = kmFrom(center, values);
  const limit = values.bound(asked.limit + 1);
  const arms = ringsOf(asked.radiusKm).flatMap((outer, index, rings) => {
    const inner = rings[index - 1] ?? 0;
    if (after && outer < after.position) return [];
    const { from, conditions } = walk(asked, matchOf(null, [...groups(asked), circleWords(center, outer)]), values);
    conditions.push(`${km} <= ${values.bound(outer)}`);
    if (index > 0) conditions.push(`${km} > ${values.bound(inner)}`);
    if (after) conditions.push(`(${km}, doc_id) > (${values.bound(after.position)}, ${values.id(after.docId)})`);
    return [`SELECT ${km} AS position, doc_id FROM ${from} WHERE ${conditions.join(" AND ")} ORDER BY 1, doc_id LIMIT ${limit}`];
  });
  return bodiesOf(arms, limit, values);
}

/** Where an arm reads: the index, as far as it can tell, and then the documents. */
function walk(asked: Asked, match: string | null, values: Values): { from: string; conditions: string[]; id: string } {
  // The id of the table that is walked: the index does not see what is asked of the other's.
  const id = match === null ? "documents.doc_id" : "words.rowid";
  const conditions = [...(match === null ? [] : [`words MATCH ${values.bound(match)}`]), ...filters(asked, values, id)];
  return { from: match === null ? "documents" : "words CROSS JOIN documents ON doc_id = words.rowid", conditions, id };
}

const kmFrom = ({ lat, lng }: Point, values: Values): string => distanceSql(values.bound(lat), values.bound(lng));

const bodiesOf = (arms: readonly string[], limit: string, { list }: Values): Statement => ({
  sql: `SELECT position, doc_id, body
    FROM (${arms.map((arm) => `SELECT * FROM (${arm})`).join(" UNION ALL ")} LIMIT ${limit}) JOIN bodies USING (doc_id)
    ORDER BY position, doc_id`,
  values: list,
});

/** What the index itself can filter by. */
function groups({ from, city, category, organizerId, priceMax, currency }: Asked): string[][] {
  return [
    from === undefined ? [LIVE] : [],
    city ? [cityWord(city)] : [],
    category ? [categoryWord(category)] : [],
    organizerId ? [organizerWord(organizerId)] : [],
    priceWords(priceMax === undefined ? undefined : Number(priceMax), currency),
  ];
}

/** What it cannot, or not exactly. */
function filters({ from, to, priceMax, nowMs }: Asked, values: Values, id: string): string[] {
  const conditions: string[] = [];
  if (from === undefined) conditions.push(`ends_at_ms > ${values.bound(nowMs)}`);
  else if (isDay(from)) {
    conditions.push(`${id} >= ${values.id(firstIdOf(Date.parse(from) - AHEAD_MS))}`, `local_day >= ${values.bound(from)}`);
  } else {
    const fromMs = Date.parse(from);
    conditions.push(`${id} >= ${values.id(firstIdOf(fromMs))}`, `starts_at_ms >= ${values.bound(fromMs)}`);
  }
  if (to !== undefined && isDay(to)) {
    const endMs = Date.parse(to) + 24 * HOUR_MS + BEHIND_MS;
    conditions.push(`${id} <= ${values.id(lastIdOf(endMs))}`, `local_day <= ${values.bound(to)}`);
  } else if (to !== undefined) {
    const toMs = Date.parse(to);
    conditions.push(`${id} <= ${values.id(lastIdOf(toMs))}`, `starts_at_ms <= ${values.bound(toMs)}`);
  }
  if (priceMax !== undefined) conditions.push(`lowest_price_minor <= ${values.bound(Number(priceMax))}`);
  return conditions;
}
