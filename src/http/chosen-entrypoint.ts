import { matchesAny } from "../access/pattern.ts";
import type { Config } from "../config/config.ts";
import { Problem } from "../errors.ts";
import { entrypointForm, isEntrypoint } from "../jobs/entrypoint.ts";

type Settings = Pick<Config, "entrypoint" | "allow">;

/**
 * What to run: what the client asks for, else the server's own.
 * @throws Problem 400 for none or one of the wrong form, 403 for one that may not be run here
 */
export function chosenEntrypoint(config: Settings, asked: string | null | undefined): string {
  const entrypoint = asked ?? config.entrypoint;
  if (entrypoint === undefined) {
    throw new Problem(
      400,
      `No entrypoint: send one as ${entrypointForm}, or set MDPS_ENTRYPOINT for the server`,
    );
  }
  const named = `The entrypoint ${JSON.stringify(entrypoint.slice(0, 200))}`;
  if (!isEntrypoint(entrypoint)) throw new Problem(400, `${named} must have the form ${entrypointForm}`);
  if (config.allow === undefined || matchesAny(config.allow, entrypoint)) return entrypoint;
  throw new Problem(
    403,
    `${named} may not be run here: send one that matches ${config.allow.join(" or ")}, or add it to QUANT_RUNS_ALLOW`,
  );
}
