import type { Config } from "../config/config.ts";
import type { Events } from "../events.ts";
import { python } from "../runtimes/python.ts";
import type { EnvironmentOf } from "../supervisor/environment.ts";
import { prepareBubblewrap } from "./bubblewrap.ts";
import type { Executor, StartShim } from "./executor.ts";
import { keepLauncher } from "./launched.ts";
import { startLocalShim } from "./local.ts";

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
  if (!canBeLaunched(config)) return { start, begin: () => undefined, end: () => undefined };
  const environment = environmentOf(python.name);
  const modules = config.warm === "on" ? (config.preload ?? []) : undefined;
  return keepLauncher(start, { runtime: python.name, modules, environment }, events);
}

/** A process is forked safely, and told apart from its template, on Linux; a sandbox is another set of namespaces. */
function canBeLaunched({ sandbox }: Config): boolean {
  return sandbox === "none" && process.platform === "linux";
}
