export interface Point {
  lat: number;
  lng: number;
}

/** Mean radius of the earth (IUGG). */
const EARTH_KM = 6371.0088;
/** Half way around. */
export const FARTHEST_KM = Math.PI * EARTH_KM;

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance (haversine), good to half a percent. */
export function distanceKm(a: Point, b: Point): number {
  const half = (from: number, to: number) => Math.sin(radians(to - from) / 2) ** 2;
  const h = half(a.lat, b.lat) + Math.cos(radians(a.lat)) * Math.cos(radians(b.lat)) * half(a.lng, b.lng);
  return 2 * EARTH_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** `distanceKm` as SQL, so that a page is cut after the distance was looked at; both arguments are columns or placeholders. */
export const distanceSql = (lat: string, lng: string): string =>
  `(2 * ${EARTH_KM} * asin(min(1, sqrt(
    pow(sin(radians(lat - ${lat}) / 2), 2) + cos(radians(${lat})) * cos(radians(lat)) * pow(sin(radians(lng - ${lng}) / 2), 2)
  ))))`;

export interface Box {
  minLat: number;
  maxLat: number;
  minLng: number;
  maxLng: number;
}

/** Together they contain the circle: two where it crosses the date line, all longitudes where it touches a pole. */
export function boxesAround({ lat, lng }: Point, radiusKm: number): Box[] {
  const span = radiusKm / EARTH_KM;
  const dLat = (span * 180) / Math.PI;
  const [minLat, maxLat] = [Math.max(lat - dLat, -90), Math.min(lat + dLat, 90)];
  const everywhere = [{ minLat, maxLat, minLng: -180, maxLng: 180 }];
  if (minLat <= -90 || maxLat >= 90) return everywhere;
  const dLng = (Math.asin(Math.min(1, Math.sin(span) / Math.cos(radians(lat)))) * 180) / Math.PI;
  const [minLng, maxLng] = [lng - dLng, lng + dLng];
  if (minLng <= -180)
    return [
      { minLat, maxLat, minLng: -180, maxLng },
      { minLat, maxLat, minLng: minLng + 360, maxLng: 180 },
    ];
  if (maxLng >= 180)
    return [
      { minLat, maxLat, minLng, maxLng: 180 },
      { minLat, maxLat, minLng: -180, maxLng: maxLng - 360 },
    ];
  return [{ minLat, maxLat, minLng, maxLng }];
}
