import type { StartShim } from "../executors/executor.ts";
import type { Secrets } from "./secrets-file.ts";

/** Starts shims with the secrets in their environment, where nothing else may take their place. */
export function giveSecrets(startShim: StartShim, secrets: Secrets): StartShim {
  return (launch) => startShim({ ...launch, environment: { ...launch.environment, ...secrets } });
}
