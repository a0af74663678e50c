import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { circleWords, filterWordsOf } from "../../workers/search/filter-words";
import { boxesAround, distanceKm, FARTHEST_KM } from "../../workers/search/places";
import { publishedEvent } from "../support/published-event";

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
      const [box = assert.fail()] = boxesAround(center, 300);
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
    const [box = assert.fail(), ...more] = boxesAround(VIENNA, 100);
    expect(more).toEqual([]);
    expect(distanceKm({ lat: box.minLat, lng: VIENNA.lng }, VIENNA)).toBeCloseTo(100, 3);
    expect(box.maxLng - box.minLng).toBeLessThan(3);
  });

  it("takes all longitudes at a pole, and is two over the date line", () => {
    expect(boxesAround({ lat: 89.9, lng: 0 }, 100)).toMatchObject([{ minLng: -180, maxLng: 180, maxLat: 90 }]);
    expect(boxesAround({ lat: 0, lng: 0 }, FARTHEST_KM)).toEqual([{ minLat: -90, maxLat: 90, minLng: -180, maxLng: 180 }]);
    const [here = assert.fail(), there = assert.fail()] = boxesAround({ lat: 0, lng: 179.9 }, 100);
    expect([here.maxLng, there.minLng]).toEqual([180, -180]);
    expect(here.maxLng - here.minLng + there.maxLng - there.minLng).toBeLessThan(2);
  });

  it("the words of a circle name the cell of every point in it, wherever it lies", () => {
    const coordinates = {
      lat: fc.double({ min: -90, max: 90, noNaN: true }),
      lng: fc.double({ min: -180, max: 180, noNaN: true }),
    };
    fc.assert(
      fc.property(
        fc.record(coordinates),
        fc.double({ min: 0.001, max: FARTHEST_KM, noNaN: true }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.double({ min: 0, max: 360, noNaN: true }),
        (center, radiusKm, part, bearing) => {
          const { lat, lng } = travel(center, bearing, radiusKm * part);
          const point = { lat, lng: ((((lng + 180) % 360) + 360) % 360) - 180 };
          const words = circleWords(center, radiusKm);
          const at = publishedEvent({ location: { ...publishedEvent().location, coordinates: point } });
          return words.length === 0 || filterWordsOf(at, false).some((word) => words.includes(word));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** The point so far away in that direction (spherical earth). */
function travel({ lat, lng }: { lat: number; lng: number }, bearing: number, km: number) {
  const [phi, theta, d] = [(lat * Math.PI) / 180, (bearing * Math.PI) / 180, km / 6371.0088];
  const phi2 = Math.asin(Math.sin(phi) * Math.cos(d) + Math.cos(phi) * Math.sin(d) * Math.cos(theta));
  const turn = Math.atan2(Math.sin(theta) * Math.sin(d) * Math.cos(phi), Math.cos(d) - Math.sin(phi) * Math.sin(phi2));
  return { lat: (phi2 * 180) / Math.PI, lng: lng + (turn * 180) / Math.PI };
}
