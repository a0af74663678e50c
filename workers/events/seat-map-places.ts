/** Where tables stand: which of them cross each other or a row's seats. Plane geometry in the map's own unit. */

export interface Place {
  x: number;
  y: number;
}

interface Area {
  index: number;
  corners: Place[];
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Pairs that are looked at closely; tables that are drawn as rooms have them do not come near it. */
const MAX_LOOKS = 200_000;

export interface Crossing {
  table: number;
  /** The other table's index, null for a row's seat. */
  with: number | null;
}

/** At most `most` of them. A table's area is the convex hull of its seats; touching is crossing. */
export function crossingTables(
  tables: readonly { seats: readonly Place[] }[],
  ofRows: readonly Place[],
  most: number,
): Crossing[] {
  const areas = tables.map(({ seats }, index) => areaOf(seats, index)).sort((a, b) => a.left - b.left);
  const places = ofRows.toSorted((a, b) => a.x - b.x);
  const crossings: Crossing[] = [];
  let looks = 0;
  for (const [at, area] of areas.entries()) {
    for (let next = at + 1; next < areas.length; next++) {
      const other = areas[next];
      if (!other || other.left > area.right || crossings.length >= most) break;
      if (other.top > area.bottom || other.bottom < area.top) continue;
      if (++looks > MAX_LOOKS || overlap(area.corners, other.corners))
        crossings.push({ table: Math.max(area.index, other.index), with: Math.min(area.index, other.index) });
    }
    for (let next = firstFrom(places, area.left); next < places.length; next++) {
      const place = places[next];
      if (!place || place.x > area.right || crossings.length >= most) break;
      if (place.y < area.top || place.y > area.bottom) continue;
      if (++looks <= MAX_LOOKS && !overlap(area.corners, [place])) continue;
      crossings.push({ table: area.index, with: null });
      break;
    }
  }
  return crossings;
}

function areaOf(seats: readonly Place[], index: number): Area {
  const [xs, ys] = [seats.map(({ x }) => x), seats.map(({ y }) => y)];
  return {
    index,
    corners: hullOf(seats),
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
  };
}

/** The first place that is not left of x, in places sorted by x. */
function firstFrom(places: readonly Place[], x: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle]?.x ?? x) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

const cross = (o: Place, a: Place, b: Place): number => (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);

/** The convex hull's corners in their order (Andrew's monotone chain); all places where they lie on one line. */
export function hullOf(places: readonly Place[]): Place[] {
  const sorted = places.toSorted((a, b) => a.x - b.x || a.y - b.y);
  if (sorted.length < 3) return sorted;
  return [...chainOf(sorted), ...chainOf(sorted.toReversed())];
}

function chainOf(sorted: readonly Place[]): Place[] {
  const chain: Place[] = [];
  for (const place of sorted) {
    for (;;) {
      const [before, last] = [chain.at(-2), chain.at(-1)];
      if (!before || !last || cross(before, last, place) > 0) break;
      chain.pop();
    }
    chain.push(place);
  }
  return chain.slice(0, -1);
}

/** Convex areas are apart where some line's shadow of them is (separating axes); points and lines are areas too. */
function overlap(a: readonly Place[], b: readonly Place[]): boolean {
  return [...axesOf(a), ...axesOf(b)].every((axis) => {
    const [shadowA, shadowB] = [shadowOf(a, axis), shadowOf(b, axis)];
    return shadowA.least <= shadowB.most && shadowB.least <= shadowA.most;
  });
}

/** Across each side, and along it: what is a line has a length only along itself. */
const axesOf = (corners: readonly Place[]): Place[] =>
  corners.flatMap((corner, index) => {
    const next = corners[(index + 1) % corners.length] ?? corner;
    const [x, y] = [next.x - corner.x, next.y - corner.y];
    return [
      { x, y },
      { x: -y, y: x },
    ];
  });

function shadowOf(corners: readonly Place[], axis: Place): { least: number; most: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { x, y } of corners) {
    const along = x * axis.x + y * axis.y;
    if (along < least) least = along;
    if (along > most) most = along;
  }
  return { least, most };
}
