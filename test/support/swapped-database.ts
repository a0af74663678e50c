/** For the control of a race: the shipped code, with one piece of its SQL swapped on the way to the database. */
export interface SwappedDatabase {
  db: D1Database;
  /** How many statements had the piece; a control in which it is 0 shows nothing. */
  swaps(): number;
}

export function swapSql(database: D1Database, find: string, replace: string): SwappedDatabase {
  let swaps = 0;
  const db = new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "prepare") return value.bind(target);
      return (sql: string) => {
        if (sql.includes(find)) swaps += 1;
        return target.prepare(sql.replaceAll(find, () => replace));
      };
    },
  });
  return { db, swaps: () => swaps };
}

/** Holds batches back until `count` of them wait, so that what was read before them is equally old for all. Later ones pass. */
export function gatherBatches(database: D1Database, count: number): D1Database {
  const { promise: complete, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "batch") return value.bind(target);
      return async (statements: D1PreparedStatement[]) => {
        waiting += 1;
        if (waiting === count) resolve();
        await complete;
        return target.batch(statements);
      };
    },
  });
}
