import type { Config } from "../config/config.ts";
import { prepareBubblewrap } from "./bubblewrap.ts";
import type { StartShim } from "./executor.ts";
import { startLocalShim } from "./local.ts";

/** Every place where shims can run; each makes sure at the start that it can be used. */
const executors: Record<Config["sandbox"], (config: Config) => StartShim | Promise<StartShim>> = {
  none: () => startLocalShim,
  bubblewrap: prepareBubblewrap,
};

/** @throws StartError when the place that was asked for cannot be used */
export async function prepareExecutor(config: Config): Promise<StartShim> {
  return executors[config.sandbox](config);
}
