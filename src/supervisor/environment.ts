/** Names that are the server's alone: its secrets, and what the shim sets for each job. */
const serversOwn = /^QUANT_RUNS_(TOKEN.*|RUN_DIR|JOB_ID)$/;

/** A job's environment: the server's less what is its own, and what the runtime needs. */
export function jobEnvironment(
  servers: NodeJS.ProcessEnv,
  runtimes: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(servers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !serversOwn.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...runtimes };
}
