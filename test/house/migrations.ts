/** Migrations are plain SQL, numbered without gaps, and every table says its types and keeps them. */
import type { Source } from "../support/sources";

const NAME = /^migrations\/([a-z-]+)\/(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/;

export function findMisnumbered(migrations: Source[]): string[] {
  const numbers = new Map<string, number[]>();
  const misnamed: string[] = [];
  for (const { path } of migrations) {
    const [, database, number] = NAME.exec(path) ?? [];
    if (database === undefined) misnamed.push(`${path} is not 0001_what_it_does.sql`);
    else numbers.set(database, [...(numbers.get(database) ?? []), Number(number)]);
  }
  const gaps = [...numbers].flatMap(([database, found]) =>
    found.sort((a, b) => a - b).some((number, index) => number !== index + 1)
      ? [`migrations/${database} counts ${found.join(", ")}`]
      : [],
  );
  return [...misnamed, ...gaps];
}

const withoutComments = (sql: string): string => sql.replace(/--.*$/gm, "").replace(/\/\*[\s\S]*?\*\//g, "");

/** Two versions of a Worker run while it is deployed (rule 28): what the older one reads must stay. An index is read by nobody's name. */
export const findTakingAway = (migrations: Source[]): string[] =>
  migrations.flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(/\b(?:DROP\s+(?!INDEX\b)\w+|RENAME)\b/gi)].map(
      ([what]) => `${path}: ${what.replace(/\s+/g, " ").toUpperCase()}`,
    ),
  );

/** FTS5 tables are virtual and take no STRICT. */
export const findLaxTables = (migrations: Source[]): string[] =>
  migrations.flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(/\bCREATE\s+(?:TEMP\w*\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["`[]?(\w+)[^;]*/gi)]
      .filter(([statement]) => !/\)[\w\s,]*\bSTRICT\b[\w\s,]*$/i.test(statement))
      .map(([, table]) => `${path}: ${table} is not STRICT`),
  );
