import { constants, existsSync } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { expectTokenBeyondLoopback } from "./access/hosts.ts";
import { readTokens } from "./access/tokens.ts";
import { type Delegation, takeDelegation } from "./cgroups/delegation.ts";
import { jobGroups } from "./cgroups/job-groups.ts";
import type { Config } from "./config/config.ts";
import { StartError } from "./errors.ts";
import { Events } from "./events.ts";
import { prepareExecutor } from "./executors/registry.ts";
import { createLog, type Log, logEvents } from "./log.ts";
import { startRetention } from "./retention/retention.ts";
import { lockRunsDirectory } from "./runs/lock.ts";
import { errorCode } from "./runs/record-file.ts";
import { resolvePython } from "./runtimes/python.ts";
import { maskOf } from "./secrets/mask.ts";
import { readSecrets } from "./secrets/secrets-file.ts";
import { prepareReaders } from "./supervisor/ended-jobs.ts";
import { jobEnvironments } from "./supervisor/environment.ts";
import { createSupervisor } from "./supervisor/supervisor.ts";
import { JobIndex } from "./tracking/job-index.ts";
import { Journal } from "./tracking/journal.ts";
import { startWatcher } from "./tracking/watcher.ts";

/** Seconds a stop may take before what still holds it up is left behind. */
const secondsToStop = 4;

/**
 * Runs the server until it is told to stop: lock, recover, bind, serve. No job starts before the address is bound.
 * @throws StartError when it cannot start
 */
export async function serve(wanted: Config): Promise<void> {
  const tokens = await readTokens(wanted);
  expectTokenBeyondLoopback(wanted.host, tokens);
  const { secrets, isExposed } = await readSecrets(wanted.secretsFile);
  const delegation = await takeDelegation(); // before a process is started that would have to be moved along
  const readers = prepareReaders(wanted.runsDir); // which get ready while other things are waited for
  const config: Config = { ...wanted, python: await resolvePython(wanted.python) };
  await prepareRunsDirectory(config.runsDir);
  const environmentOf = jobEnvironments(config, process.env, secrets);
  const events = new Events();
  const executor = await prepareExecutor(config, environmentOf, events);
  const lock = await lockRunsDirectory(config.runsDir, config.python);
  const log = createLog(config.logLevel);
  logEvents(events, log);
  if (isExposed) events.emit("trouble", `other users can read the secrets file ${config.secretsFile}`, {});
  const index = new JobIndex(events);
  const journal = new Journal(events);
  const supervisor = createSupervisor({
    config,
    index,
    events,
    environmentOf,
    startShim: executor.start,
    groups: jobGroups(delegation),
  });
  // What answers requests is loaded while other processes read run directories, which are asked first.
  const [, { openHttp }] = await Promise.all([supervisor.load(readers), import("./http/open.ts")]);
  await supervisor.resume();
  const watcher = await startWatcher(config.runsDir, supervisor.look, events);
  const mask = maskOf(secrets);
  const listener = await openHttp({ config, events, index, journal, supervisor, tokens, mask, watcher });
  await lock.tell(listener.url).catch((error: unknown) => {
    events.emit("trouble", "cannot tell in the lock file who serves", { error });
  });
  executor.begin();
  supervisor.begin(watcher.isBlind);
  const retention = startRetention({
    config,
    index,
    events,
    retire: supervisor.retire,
    forgetRemoved: supervisor.forgetRemoved,
  });
  log.info({ url: listener.url, runs_dir: config.runsDir, python: config.python }, "listening");
  logDelegation(log, delegation);
  stopOnSignal(log, async () => {
    retention.end();
    executor.end();
    await Promise.all([supervisor.end(), listener.close(), watcher.close()]);
  });
}

/** Which of two kinds of limits is in force; setrlimit(2) keeps the others, and these where there are no groups. */
function logDelegation(log: Log, delegation: Delegation): void {
  const [kept, facts] =
    "obstacle" in delegation
      ? ["setrlimit(2), for each process", { reason: delegation.obstacle }]
      : ["control groups, for a job as a whole", { cgroup: delegation.folder }];
  log.info({ ...facts }, `limits of memory and processes are kept by ${kept}`);
}

async function prepareRunsDirectory(path: string): Promise<void> {
  try {
    await makeFolder(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = errorCode(error) ?? String(error);
    throw new StartError(
      `the runs directory ${path} cannot be written (${reason}): set QUANT_RUNS_DIR or --runs-dir`,
    );
  }
}

/** As mkdir -p does; Node's own tries for ever below a folder such as /proc, where nothing can be made. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === "EEXIST") return;
    if (errorCode(error) !== "ENOENT" || existsSync(dirname(path))) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

/** The first SIGTERM, SIGINT or SIGHUP stops in good order, the second at once. Jobs run on either way. */
function stopOnSignal(log: Log, stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info({ signal }, "stopping; jobs run on");
      setTimeout(() => process.exit(0), secondsToStop * 1000).unref();
      stop().then(
        () => log.flush(() => process.exit(0)),
        (error: unknown) => {
          log.error({ err: error }, "could not stop in good order");
          log.flush(() => process.exit(1));
        },
      );
    });
  }
}
