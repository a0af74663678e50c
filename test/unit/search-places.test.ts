import { describe, expect, it } from "vitest";
import { boxAround, distanceKm, FARTHEST_KM } from "../../workers/search/places";

const VIENNA = { lat: 48.2082, lng: 16.3738 };
const ISTANBUL = { lat: 41.0082, lng: 28.9784 };

describe("distances", () => {
  it("Vienna to Istanbul is about 1,275 km, either way", () => {
    expect(distanceKm(VIENNA, ISTANBUL)).toBeCloseTo(1274.6, -1);
    expect(distanceKm(ISTANBUL, VIENNA)).toBeCloseTo(distanceKm(VIENNA, ISTANBUL), 9);
  });

  it("a degree of latitude is 111.2 km, nowhere is 0, and the other side of the earth is the farthest", () => {
    expect(distanceKm({ lat: 10, lng: 20 }, { lat: 11, lng: 20 })).toBeCloseTo(111.195, 2);
    expect(distanceKm(VIENNA, VIENNA)).toBe(0);
    expect(distanceKm({ lat: 0, lng: 0 }, { lat: 0, lng: 180 })).toBeCloseTo(FARTHEST_KM, 6);
  });

  it("over the date line two near places are near", () => {
    expect(distanceKm({ lat: 0, lng: 179.9 }, { lat: 0, lng: -179.9 })).toBeCloseTo(22.24, 1);
  });
});

describe("the box around a circle", () => {
  it("contains every point of the circle", () => {
    for (const center of [VIENNA, { lat: -33.9, lng: 151.2 }, { lat: 69.6, lng: 18.9 }]) {
      const box = boxAround(center, 300);
      for (let bearing = 0; bearing < 360; bearing += 5) {
        const point = travel(center, bearing, 299.9);
        expect(point.lat).toBeGreaterThanOrEqual(box.minLat);
        expect(point.lat).toBeLessThanOrEqual(box.maxLat);
        expect(point.lng).toBeGreaterThanOrEqual(box.minLng);
        expect(point.lng).toBeLessThanOrEqual(box.maxLng);
      }
    }
  });

  it("is no wider than needed", () => {
    const box = boxAround(VIENNA, 100);
    expect(distanceKm({ lat: box.minLat, lng: VIENNA.lng }, VIENNA)).toBeCloseTo(100, 3);
    expect(box.maxLng - box.minLng).toBeLessThan(3);
  });

  it("takes all longitudes at a pole and over the date line", () => {
    expect(boxAround({ lat: 89.9, lng: 0 }, 100)).toMatchObject({ minLng: -180, maxLng: 180, maxLat: 90 });
    expect(boxAround({ lat: 0, lng: 179.9 }, 100)).toMatchObject({ minLng: -180, maxLng: 180 });
    expect(boxAround({ lat: 0, lng: 0 }, FARTHEST_KM)).toEqual({ minLat: -90, maxLat: 90, minLng: -180, maxLng: 180 });
  });
});

/** The point so far away in that direction (spherical earth). */
function travel({ lat, lng }: { lat: number; lng: number }, bearing: number, km: number) {
  const [phi, theta, d] = [(lat * Math.PI) / 180, (bearing * Math.PI) / 180, km / 6371.0088];
  const phi2 = Math.asin(Math.sin(phi) * Math.cos(d) + Math.cos(phi) * Math.sin(d) * Math.cos(theta));
  const turn = Math.atan2(Math.sin(theta) * Math.sin(d) * Math.cos(phi), Math.cos(d) - Math.sin(phi) * Math.sin(phi2));
  return { lat: (phi2 * 180) / Math.PI, lng: lng + (turn * 180) / Math.PI };
}
