import { jobsInTurns } from "./jobs-in-turns.ts";
import type { Measurement } from "./measurement.ts";

/** What a template that has imported pandas saves those who loop over parameter sets. */
export const pandasJobs: Measurement = {
  figures: ["pandas-jobs"],
  measure: async (bench) => {
    const { ratio, note } = await jobsInTurns(bench, {
      entrypoint: "works_pandas:main",
      count: bench.count(200, 20),
      rounds: bench.count(3, 1),
      over: { name: "preloaded", mode: "preloaded" },
      under: { name: "cold", mode: "cold" },
    });
    return { found: { "pandas-jobs": { values: [ratio], note } } };
  },
};
