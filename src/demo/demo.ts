import { constants } from "node:os";
import { follow, submit } from "./follow.ts";
import { nextSteps, resultTable } from "./report.ts";
import { startServer } from "./server.ts";

const entrypoint = "crossover:backtest";
const parameters = { symbol: "EURUSD", fast: 20, slow: 100 };

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    process.exitCode = 128 + constants.signals[name];
    interruption.abort(new Error(`stopped by ${name}; a job that has started runs on without the server`));
  });
}
// Whoever read the output has gone, as `head` does: there is nobody left to show anything to.
process.stdout.on("error", () => interruption.abort(new Error("nobody reads the output any more")));

try {
  await demo(interruption.signal);
} catch (error) {
  const cause = interruption.signal.aborted ? interruption.signal.reason : error;
  process.exitCode ??= 1;
  process.stderr.write(`demo: ${cause instanceof Error ? cause.message : String(cause)}\n`);
}

/** A server, one job on it, its story as it happens, its result; then the server is stopped. */
async function demo(signal: AbortSignal): Promise<void> {
  say("A backtest as a job: a moving-average crossover on the euro's daily reference rates.\n");
  await using server = await startServer(entrypoint, signal);
  say(`Server  ${server.url}, for as long as this demo takes`);
  const job = await submit(server.url, parameters, signal);
  say(`Job     ${job.job_id}, ${entrypoint} with ${JSON.stringify(parameters)}\n`);
  const ended = await follow(server.url, job, (source, line) => say(`  ${source}  ${line}`), signal);
  if (ended.status === "failed") {
    throw new Error(`the job failed: ${ended.error}; ${job.directory}/stderr.log may say more`);
  }
  say(`\n${resultTable(ended.result?.result)}\n`);
  say(await nextSteps(job));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
