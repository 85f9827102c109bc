/** What a value must reach and what it aims at; a value without either is told and not judged. */
export interface Bound {
  readonly relation: "≥" | "≤";
  readonly must?: number;
  readonly aim?: number;
  /** What stands behind the number: ` ms`, `/s`, or nothing for a ratio. */
  readonly unit: string;
}

/** One row of the table of figures: what is measured, and a bound for each value it has. */
export interface Figure {
  readonly measure: string;
  readonly bounds: readonly Bound[];
}

const atLeast = (must: number, aim: number, unit = ""): Bound => ({ relation: "≥", must, aim, unit });
const atMost = (must: number, aim: number, unit = ""): Bound => ({ relation: "≤", must, aim, unit });

/** Every figure by the name under which it can be measured alone. */
export const figures = {
  "throughput-cold": {
    measure: "throughput, 500 no-op Python jobs, concurrency 2, cold, against bare",
    bounds: [atLeast(0.7, 0.9)],
  },
  "throughput-warm": {
    measure: "the same, warm, against bare; against RQ in the same run",
    bounds: [atLeast(1.8, 3.5), atLeast(1.1, 2)],
  },
  "entered-warm": {
    measure: "POST → callable entered, idle server, warm: p50; p95",
    bounds: [atMost(7, 4, " ms"), atMost(12, 8, " ms")],
  },
  "entered-cold": {
    measure: "the same, cold, beyond bare interpreter start",
    bounds: [atMost(15, 6, " ms")],
  },
  "entered-pandas": {
    measure: "the same for a callable that imports pandas, preloaded",
    bounds: [atMost(10, 5, " ms")],
  },
  "pandas-jobs": {
    measure: "200 jobs that import pandas and do 10 ms of work: jobs/s against cold",
    bounds: [atLeast(5, 15, " ×")],
  },
  "end-visible": {
    measure: "end of process → terminal status visible to a waiting client, p50",
    bounds: [atMost(10, 3, " ms")],
  },
  "post-queued": {
    measure: "POST /jobs with 10,000 queued: rate; p99",
    bounds: [atLeast(1000, 2200, "/s"), atMost(20, 5, " ms")],
  },
  "show-job": {
    measure: "GET /jobs/{id} at 20,000 runs, against a bare Hono handler that returns the same bytes",
    bounds: [atLeast(0.5, 0.8)],
  },
  "list-jobs": {
    measure: "GET /jobs?limit=100 at 100,000 runs: rate; p99",
    bounds: [atLeast(500, 3000, "/s"), atMost(20, 3, " ms")],
  },
  start: {
    measure:
      "server start → /health with 100,000 runs on disk: with the cache of an earlier start; without one",
    bounds: [atMost(4, 1, " s"), atMost(4, 1, " s")],
  },
  memory: {
    measure: "server memory (RSS): idle; 100,000 runs; 10,000 queued",
    bounds: [atMost(110, 75, " MB"), atMost(220, 130, " MB"), atMost(160, 100, " MB")],
  },
  "job-memory": {
    measure: "private memory per running Python job beyond the bare interpreter's",
    bounds: [atMost(4, 1, " MB")],
  },
  log: {
    measure: "1 GB of log, wall time against the shell's own redirection",
    bounds: [atMost(1.05, 1.01)],
  },
  sleeping: {
    measure: "500 sleeping jobs: server CPU",
    bounds: [atMost(2, 0.5, " % of a core")],
  },
  power: {
    measure: "durability `power` against `process`: jobs/s, warm; POST rate",
    bounds: [
      { relation: "≥", unit: "" },
      { relation: "≥", unit: "" },
    ],
  },
} as const satisfies Record<string, Figure>;

export type FigureName = keyof typeof figures;

export const figureNames = Object.keys(figures) as FigureName[];

/** What a measurement found: a value for each bound, undefined where it could not be had, and what explains them. */
export interface Measured {
  readonly values: readonly (number | undefined)[];
  readonly note: string;
}

export type Found = Partial<Record<FigureName, Measured>>;
