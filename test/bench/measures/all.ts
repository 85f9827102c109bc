import { endVisible } from "./end-visible.ts";
import { entered } from "./entered.ts";
import { hundredThousand } from "./hundred-thousand.ts";
import { jobMemory } from "./job-memory.ts";
import { log } from "./log.ts";
import type { Measurement } from "./measurement.ts";
import { memory } from "./memory.ts";
import { pandasJobs } from "./pandas-jobs.ts";
import { postQueued } from "./post-queued.ts";
import { powerCost } from "./power.ts";
import { showJob } from "./show-job.ts";
import { sleeping } from "./sleeping.ts";
import { throughput } from "./throughput.ts";

/** Every measurement, in the order in which they are made. */
export const measurements: readonly Measurement[] = [
  throughput,
  entered,
  pandasJobs,
  endVisible,
  postQueued,
  showJob,
  hundredThousand,
  memory,
  jobMemory,
  log,
  sleeping,
  powerCost,
];
