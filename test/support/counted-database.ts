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

/** The rows that its readings look at, as D1 bills them; only what is prepared, bound and read by `all()`, as lists are. */
export interface CountedReading {
  db: D1Database;
  rowsRead(): number;
}

export function countRows(database: D1Database): CountedReading {
  let rows = 0;
  const db = new Proxy(database, {
    get: (target, name) => {
      if (name !== "prepare") throw new Error(`A list does not ask for ${String(name)}`);
      return (sql: string) => ({
        bind: (...values: unknown[]) => ({
          all: async () => {
            const result = await target
              .prepare(sql)
              .bind(...values)
              .all();
            rows += result.meta.rows_read;
            return result;
          },
        }),
      });
    },
  });
  return { db, rowsRead: () => rows };
}
