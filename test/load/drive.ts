import autocannon from "autocannon";

/** Every figure is the median of this many runs: the machines are small and noisy. */
export const RUNS = 3;
export const CONNECTIONS = 64;
const SECONDS = 5;
const WARM_UP_SECONDS = 2;

export interface Figure {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export type Step = autocannon.Request;

export interface Drive {
  url: string;
  steps: Step[];
  /** Counts only what succeeded; anything else is an error of the run. */
  expect: number;
  connections?: number;
  seconds?: number;
  /** Answers that belong to one unit of work: 3 for a sale of three requests. */
  perUnit?: number;
  /** Requests a second over all connections; without it each connection asks again as soon as it is answered. */
  rate?: number;
}

export async function once({
  url,
  steps,
  expect,
  connections = CONNECTIONS,
  seconds = SECONDS,
  perUnit = 1,
  rate,
}: Drive): Promise<Figure> {
  const unexpected = new Map<number, number>();
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: steps,
    ...(rate ? { overallRate: rate } : {}),
    setupClient: (client) => {
      client.on("response", (status) => {
        if (Math.floor(status / 100) !== expect) unexpected.set(status, (unexpected.get(status) ?? 0) + 1);
      });
    },
  });
  if (unexpected.size > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.errors} errors, unexpected answers ${JSON.stringify([...unexpected])}`);
  }
  return {
    perSecond: result.requests.total / result.duration / perUnit,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** The median of several runs after a warm-up. `fresh` makes each run's own steps, e.g. for an event of its own. */
export async function drive(fresh: () => Drive | Promise<Drive>, runs = RUNS): Promise<Figure> {
  await once({ ...(await fresh()), seconds: WARM_UP_SECONDS });
  const figures: Figure[] = [];
  for (let run = 0; run < runs; run++) figures.push(await once(await fresh()));
  return {
    perSecond: median(figures.map(({ perSecond }) => perSecond)),
    p50Ms: median(figures.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(figures.map(({ p99Ms }) => p99Ms)),
  };
}
