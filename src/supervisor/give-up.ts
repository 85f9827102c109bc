import type { ShimEnd } from "../executors/executor.ts";
import { bareFailure } from "../jobs/failure.ts";
import { claimForServer } from "../runs/claim.ts";
import { bareEnding } from "../runs/exit-record.ts";
import { lastErrorLine } from "../runs/output-files.ts";
import { sound } from "../runs/record-file.ts";
import { runDirectory } from "../runs/run-directory.ts";
import type { Scope } from "./scope.ts";

/** Ends a job whose shim never came as far as claiming it. The claim keeps a late shim from running it after all. */
export async function giveUp(scope: Scope, jobId: string, end: ShimEnd): Promise<void> {
  const directory = runDirectory(scope.config.runsDir, jobId);
  const said = await sound(lastErrorLine(directory));
  const ending = bareEnding(`The job could not be started: ${sentence(end)}${said ? `: ${said}` : ""}`, {
    ...bareFailure("crashed"),
    exit_code: end.exitCode ?? null,
    signal: end.signal ?? null,
  });
  await claimForServer(directory, ending, scope.config.durability);
  await scope.refresh(jobId);
}

function sentence({ exitCode, signal, spawnError }: ShimEnd): string {
  if (spawnError !== undefined) return `its shim could not be spawned (${spawnError})`;
  if (exitCode === undefined && signal === undefined) return "nobody saw how its shims ended";
  return signal === undefined ? `its shim exited with code ${exitCode}` : `its shim was killed by ${signal}`;
}
