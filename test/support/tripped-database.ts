/** A database whose round trips a test stands in: each `batch` is one, and each statement run by itself. */
export type Trip = <T>(go: () => Promise<T>) => Promise<T>;

const RUNS = ["run", "first", "all", "raw"];

export function interceptTrips(database: D1Database, trip: Trip): D1Database {
  const real = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "bind") return (...values: unknown[]) => wrap(target.bind(...values));
        return (...args: unknown[]) => {
          const run = () => Reflect.apply(value, target, args);
          return RUNS.includes(String(name)) ? trip(run) : run();
        };
      },
    });
    real.set(wrapped, statement);
    return wrapped;
  };
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name === "prepare") return (sql: string) => wrap(target.prepare(sql));
      if (name === "batch") {
        return (statements: D1PreparedStatement[]) =>
          trip(() => target.batch(statements.map((statement) => real.get(statement) ?? statement)));
      }
      return value.bind(target);
    },
  });
}
