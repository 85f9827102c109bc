import { python } from "./python.ts";
import type { Runtime } from "./runtime.ts";

/** Every runtime a job can have. */
const runtimes: readonly Runtime[] = [python];

/** The runtime of a job that names none. */
export const defaultRuntime = python.name;

/** Undefined for a name that a later version may know. */
export function runtimeNamed(name: string): Runtime | undefined {
  return runtimes.find((runtime) => runtime.name === name);
}
