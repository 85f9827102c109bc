/** Where the interpreters are that were found when the server started. */
export interface Interpreters {
  /** Absolute path of the Python interpreter. */
  readonly python: string;
}

/** How a language is started: a new one is one file with this shape, one line in the registry, one in bin/run-entrypoint. */
export interface Runtime {
  readonly name: string;
  /** What its shim needs in its environment beside what every job gets. */
  environment(interpreters: Interpreters): Readonly<Record<string, string>>;
}
