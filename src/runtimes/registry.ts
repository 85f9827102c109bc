import { python } from "./python.ts";
import type { Runtime } from "./runtime.ts";

/** Every runtime a job can have. */
export const runtimes = { python } as const satisfies Record<string, Runtime>;

/** The runtime of a job that names none. */
export const defaultRuntime = "python";
