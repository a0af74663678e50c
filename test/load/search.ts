/** How fast a hundred thousand events are searched through the gateway, and how many rows that reads. */
import "./worker-sources.ts";
import { setImmediate } from "node:timers/promises";
import type { PublishedEvent } from "../../shared/contracts/events.ts";
import type { SeenEvent } from "../../workers/search/event-documents.ts";
import { openToFill } from "./filled-database.ts";
import type { HouseUnderLoad } from "./house-under-load.ts";
import { manyEvents } from "./many-events.ts";

const EVENTS = 100_000;
const EVENTS_A_BATCH = 250;
/** Of each question of the mix. */
const ROUNDS = 20;
const CLIENTS = 2;

const day = (fromNowDays: number): string => new Date(Date.now() + fromNowDays * 86_400_000).toISOString().slice(0, 10);

/** What people ask, the cheap and the dear. Every round asks of another word, city and day. */
const QUESTIONS: Record<string, (round: number) => Record<string, string>> = {
  "what is on": () => ({}),
  "a frequent word": (round) => ({ q: ["festival", "concert", "night", "live"][round % 4] ?? "" }),
  "two frequent words": (round) => ({ q: ["summer festival", "grand concert", "open night"][round % 3] ?? "" }),
  "beginnings, as typed": (round) => ({ q: ["fe", "conc", "sum fest", "j", "coff", "golden ni"][round % 6] ?? "" }),
  "a rare name": (round) => ({ q: ["kalo", "mira net", "berlinvo", "stophi gar"][round % 4] ?? "" }),
  "a typing error": (round) => ({ q: ["cofee festval", "concret", "sumer nihgt", "thaetre"][round % 4] ?? "" }),
  "nothing like it": (round) => ({ q: ["xylophonequartet", "zzzz qqqq", "wqxwqx"][round % 3] ?? "" }),
  "a word and a city": (round) => ({
    q: ["jazz", "coffee", "opera"][round % 3] ?? "",
    city: ["istanbul", "wien"][round % 2] ?? "",
  }),
  "a city and a category": (round) => ({ city: ["BERLIN", "london", "munchen"][round % 3] ?? "", category: "jazz" }),
  "a word in a week": (round) => ({ q: "festival", from: day(round * 7), to: day(round * 7 + 7) }),
  "a price that nothing has": () => ({ q: "festival", priceMax: "1", currency: "JPY" }),
  "the past": (round) => ({ q: "party", from: day(-170 + round), to: day(-160 + round) }),
  "near a great city": (round) => ({ near: ["41.01,28.98", "48.2,16.37", "40.71,-74.01"][round % 3] ?? "" }),
  "near, and far around": (round) => ({ near: "48.2,16.37", radiusKm: ["500", "3000", "20000"][round % 3] ?? "" }),
  "a word near a great city": (round) => ({
    q: ["rock", "summer festival"][round % 2] ?? "",
    near: "52.52,13.4",
    radiusKm: "25",
  }),
  "an organizer's, by word": () => ({ q: "night", organizerId: "00000000-0000-4000-8000-000000000000" }),
};

export interface SearchFigures {
  questions: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  byQuestion: { what: string; p50Ms: number; p95Ms: number; rowsRead: number }[];
}

export async function fillIndex(house: HouseUnderLoad, count = EVENTS): Promise<void> {
  const { putDocuments } = await import("../../workers/search/event-documents.ts");
  const { db, close } = openToFill(house.databaseFile("bilten-search"));
  const nowMs = Date.now();
  let batch: SeenEvent[] = [];
  const put = async () => {
    await putDocuments(db, batch, nowMs);
    batch = [];
    // The sockets that the house closes meanwhile want to be noticed.
    await setImmediate();
  };
  for (const event of manyEvents(count, nowMs)) {
    batch.push({ eventId: event.id, version: 1, event: event as PublishedEvent });
    if (batch.length === EVENTS_A_BATCH) await put();
  }
  await put();
  close();
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
const ascending = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

/** The most that a question of this kind read. */
async function rowsReadBy(house: HouseUnderLoad, ask: (round: number) => Record<string, string>): Promise<number> {
  const { search, SearchQuery } = await import("../../workers/search/search.ts");
  const db = await house.database("search", "DB");
  let read = 0;
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(inner, {
      get: (target, name) => {
        if (name === "bind") return (...values: unknown[]) => statement(target.bind(...values));
        if (name === "all")
          return async () => {
            const result = await target.all();
            read += result.meta.rows_read;
            return result;
          };
        return Reflect.get(target, name);
      },
    });
  const session = {
    prepare: (sql: string) => statement(db.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await Promise.all(statements.map((one) => one.all()));
      return results;
    },
  };
  // What search uses of a database, no more: another member would fail loudly.
  const counted = { withSession: () => session } as unknown as D1Database;
  let most = 0;
  for (let round = 0; round < 6; round++) {
    read = 0;
    await search(counted, SearchQuery.parse(ask(round)), Date.now());
    most = Math.max(most, read);
  }
  return most;
}

/** Asked by two clients at a time, all questions mixed. */
export async function measureSearch(house: HouseUnderLoad): Promise<SearchFigures> {
  const kinds = Object.entries(QUESTIONS);
  const times = new Map<string, number[]>(kinds.map(([what]) => [what, []]));
  const ask = async (what: string, query: Record<string, string>) => {
    const startMs = performance.now();
    const response = await fetch(`${house.gateway}/events/search?${new URLSearchParams(query)}`);
    await response.text();
    if (response.status !== 200) throw new Error(`${what}: ${response.status}`);
    return performance.now() - startMs;
  };
  const run = async (rounds: number, keep: boolean) => {
    const questions = Array.from({ length: rounds }, (_, round) =>
      kinds.map(([what, make]) => ({ what, query: make(round) })),
    ).flat();
    const client = async () => {
      for (let next = questions.shift(); next; next = questions.shift()) {
        const ms = await ask(next.what, next.query);
        if (keep) times.get(next.what)?.push(ms);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  };
  await run(3, false);
  await run(ROUNDS, true);
  const byQuestion = [];
  for (const [what, make] of kinds) {
    const sorted = ascending(times.get(what) ?? []);
    byQuestion.push({ what, p50Ms: at(sorted, 0.5), p95Ms: at(sorted, 0.95), rowsRead: await rowsReadBy(house, make) });
  }
  const all = ascending([...times.values()].flat());
  return { questions: all.length, p50Ms: at(all, 0.5), p95Ms: at(all, 0.95), p99Ms: at(all, 0.99), byQuestion };
}

export function printSearch({ questions, p50Ms, p95Ms, p99Ms, byQuestion }: SearchFigures): void {
  console.log(
    `\nSearch over ${EVENTS} events, ${CLIENTS} clients, ${questions} questions: p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (wanted p95 30 ms)`,
  );
  for (const { what, p50Ms, p95Ms, rowsRead } of byQuestion)
    console.log(
      `  ${what.padEnd(26)} p50 ${p50Ms.toFixed(1).padStart(6)}  p95 ${p95Ms.toFixed(1).padStart(6)}  rows read ${String(rowsRead).padStart(6)}`,
    );
}
