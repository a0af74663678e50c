import { interceptTrips } from "./tripped-database";

/** A database that counts its round trips. */
export interface CountedDatabase {
  db: D1Database;
  trips(): number;
}

export function countTrips(database: D1Database): CountedDatabase {
  let trips = 0;
  const db = interceptTrips(database, (go) => {
    trips += 1;
    return go();
  });
  return { db, trips: () => trips };
}
