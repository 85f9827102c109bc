import type { Config } from "../config/config.ts";
import type { Events } from "../events.ts";
import { python } from "../runtimes/python.ts";
import type { EnvironmentOf } from "../supervisor/environment.ts";
import { prepareBubblewrap } from "./bubblewrap.ts";
import type { Executor, StartShim } from "./executor.ts";
import { startLocalShim } from "./local.ts";
import { keepWarm } from "./warm.ts";

/** Every place where shims can run; each makes sure at the start that it can be used. */
const places: Record<Config["sandbox"], (config: Config) => StartShim | Promise<StartShim>> = {
  none: () => startLocalShim,
  bubblewrap: prepareBubblewrap,
};

/** @throws StartError when the place that was asked for cannot be used */
export async function prepareExecutor(
  config: Config,
  environmentOf: EnvironmentOf,
  events: Events,
): Promise<Executor> {
  const start = await places[config.sandbox](config);
  if (!canStartWarm(config)) return { start, begin: () => undefined, end: () => undefined };
  const environment = environmentOf(python.name);
  return keepWarm(start, { runtime: python.name, modules: config.preload ?? [], environment }, events);
}

/** A process is forked safely, and told apart from its template, on Linux; a sandbox is another set of namespaces. */
function canStartWarm({ warm, sandbox }: Config): boolean {
  return warm === "on" && sandbox === "none" && process.platform === "linux";
}
