import type { Config } from "../config.ts";

/** How a language is started: a new one is one file with this shape, one line in the registry, one in bin/run-entrypoint. */
export interface Runtime {
  readonly name: string;
  /** What its shim needs in its environment beside what every job gets. */
  environment(config: Config): Readonly<Record<string, string>>;
}
