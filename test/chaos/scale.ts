/** How often each disturbance is tried: a little on every run of the tests, the whole of it with `npm run chaos`. */
const full = process.env.QUANT_RUNS_CHAOS === "full";

export const scale = {
  serverKills: full ? 1000 : 60,
  shimKills: full ? 200 : 40,
  cancels: full ? 500 : 60,
  jobsAtOnce: full ? 500 : 100,
  pendingJobs: full ? 10_000 : 10_000,
  retiredRuns: full ? 10_000 : 3000,
  reusedPids: full ? 50 : 5,
  /** Made up for each operation of the API, and how many requests that comes to at least. */
  requestsByOperation: full ? 4000 : 260,
  describedRequests: full ? 50_000 : 3000,
  tamperedRequests: full ? 50_000 : 1500,
  hours: full ? 1 : 0.1,
} as const;

/** Milliseconds a disturbance may take before its test is given up as hung. */
export const patience = scale.hours * 3_600_000;

/** Of the system calls at which the server is killed, every one, or ever fewer the later they come. */
export function crashPointAfter(count: number): number {
  return full ? count + 1 : Math.ceil(count * 1.5);
}

/** Prints what was measured; nothing asserts a time. */
export function report(what: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(3);
  process.stdout.write(
    `${what}: ${values.length} values, median ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)}\n`,
  );
}
