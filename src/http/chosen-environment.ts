import { matchesAny } from "../access/pattern.ts";
import { isReservedVariable } from "../access/reserved-variables.ts";
import type { Config } from "../config/config.ts";
import { Problem } from "../errors.ts";
import { type JobEnvironment, noEnvironment } from "../jobs/job-environment.ts";

/**
 * The variables that a client sets for its job.
 * @throws Problem 403 that names the first one which it may not set
 */
export function chosenEnvironment(
  { allowEnv = [] }: Pick<Config, "allowEnv">,
  asked: JobEnvironment | null | undefined,
): JobEnvironment {
  for (const name of Object.keys(asked ?? noEnvironment)) {
    if (isReservedVariable(name)) {
      throw new Problem(403, `The variable ${name} may not be set by any request: leave it out of env`);
    }
    if (!matchesAny(allowEnv, name)) {
      throw new Problem(
        403,
        `The variable ${name} may not be set here: leave it out of env, or add it to QUANT_RUNS_ALLOW_ENV`,
      );
    }
  }
  return asked ?? noEnvironment;
}
