import { templateOf } from "../support/processes.ts";
import { type ServerOptions, startServer, type TestServer, waitFor } from "../support/server.ts";

/** How often the server has said that jobs start warm from now on. */
export function timesWarm(server: TestServer): number {
  return server.log.filter((line) => line.includes('"msg":"jobs start warm"')).length;
}

/** Waits until so many templates have been ready. */
export function becomesWarm(server: TestServer, times: number): Promise<void> {
  return waitFor(() => {
    if (timesWarm(server) < times) throw new Error(`${timesWarm(server)} templates have been ready`);
  });
}

/** A server whose template is ready, and whose files are old enough for it to last. */
export async function startWarmServer({ env, ...options }: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer({ ...options, env: { ...env, QUANT_RUNS_WARM: "on" } });
  await becomesWarm(server, 1);
  return server;
}

/** @throws when the server has no template */
export function livingTemplateOf(server: TestServer): number {
  const pid = templateOf(server.pid);
  if (pid === undefined) throw new Error("the server has no template");
  return pid;
}

/** What a job says it finds around it, but for the modules of the shim and what those alone need. */
export function withoutOwnModules(description: unknown): object {
  const { modules, variables, ...rest } = description as { modules: string[]; variables: object };
  const ownNeeds = ["gc", "select", "quant_runs_shim"];
  const same = { ...variables, QUANT_RUNS_DIR: "", QUANT_RUNS_WARM: "" }; // which the servers are told
  return {
    ...rest,
    variables: same,
    modules: modules.filter((name) => !ownNeeds.includes(name.split(".")[0] ?? "")),
  };
}
