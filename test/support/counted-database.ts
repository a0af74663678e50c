/** A database that counts its round trips: each `batch` is one, and each statement run by itself. */
export interface CountedDatabase {
  db: D1Database;
  trips(): number;
}

const RUNS = ["run", "first", "all", "raw"];

export function countTrips(database: D1Database): CountedDatabase {
  let trips = 0;
  const real = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "bind") return (...values: unknown[]) => wrap(target.bind(...values));
        return (...args: unknown[]) => {
          if (RUNS.includes(String(name))) trips += 1;
          return Reflect.apply(value, target, args);
        };
      },
    });
    real.set(wrapped, statement);
    return wrapped;
  };
  const db = new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name === "prepare") return (sql: string) => wrap(target.prepare(sql));
      if (name === "batch") {
        return (statements: D1PreparedStatement[]) => {
          trips += 1;
          return target.batch(statements.map((statement) => real.get(statement) ?? statement));
        };
      }
      return value.bind(target);
    },
  });
  return { db, trips: () => trips };
}
