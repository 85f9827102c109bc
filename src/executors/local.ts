import type { StartShim } from "./executor.ts";
import { runEntrypoint, spawnShim } from "./spawn.ts";

/** Starts shims as processes beside the server, with all that its user may do. */
export const startLocalShim: StartShim = (launch) => spawnShim(runEntrypoint, [launch.directory], launch);
