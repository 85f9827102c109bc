import { runJobs } from "../load/clients.ts";
import type { Bench } from "../machine/bench.ts";
import { type Mode, startServer } from "../machine/server.ts";
import type { Contender } from "./contender.ts";

/** A server of ours that runs two jobs at a time. */
export async function startOurs(
  bench: Bench,
  mode: Mode,
  {
    entrypoint = "noop:main",
    variables = {},
  }: { entrypoint?: string; variables?: Record<string, string> } = {},
): Promise<Contender> {
  const server = await startServer(bench, mode, { variables });
  return {
    run: (count) => runJobs(server.port, entrypoint, count),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
