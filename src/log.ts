import { write } from "node:fs";
import { Writable } from "node:stream";
import { pino } from "pino";
import type { Config } from "./config/config.ts";
import type { Events } from "./events.ts";

export type Log = ReturnType<typeof createLog>;

/** Structured lines on standard output, one JSON object each. */
export function createLog(level: Config["logLevel"]) {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, standardOutput());
}

/** Bytes of log that wait for a slow reader; beyond that, lines are dropped. */
const mostWaiting = 1024 * 1024;

/**
 * A log that cannot be written, on a full disk or for want of a reader, stops nothing: the line is lost. Lines that came
 * while others were written go together, so that a burst of them does not have to wait for one write after the other.
 */
function standardOutput(): { write(line: string): void; flush(done: () => void): void } {
  const lines = new Writable({
    write: (line: Buffer, _encoding, done) => writeAll(line, done),
    writev: (waiting, done) => writeAll(Buffer.concat(waiting.map(({ chunk }) => chunk)), done),
  });
  return {
    write: (line) => {
      if (lines.writableLength < mostWaiting) lines.write(line);
    },
    flush: (done) => void lines.write("", done),
  };
}

function writeAll(bytes: Buffer, done: () => void): void {
  write(1, bytes, (error, written) => {
    if (error !== null || written >= bytes.length) done();
    else writeAll(bytes.subarray(written), done);
  });
}

/** The one listener that turns what happens into log lines. */
export function logEvents(events: Events, log: Log): void {
  events.on("accepted", ({ job_id, entrypoint }) => log.info({ job_id, entrypoint }, "job accepted"));
  events.on("audit", (change) => log.info({ audit: true, ...change }, `job ${change.action} by a client`));
  events.on("warm", (runtime, modules) => log.info({ runtime, modules }, "jobs start warm"));
  events.on("spawned", ({ job_id }, pid) => log.debug({ job_id, pid }, "shim started"));
  events.on("changed", ({ job_id, state }) => log.info({ job_id, ...state }, `job ${state.status}`));
  events.on("retired", (job_id, rule) =>
    log.info({ audit: true, action: "removed", job_id, rule }, "job removed by retention"),
  );
  events.on("step", (job_id, what, details) => log.debug({ job_id, ...details }, what));
  events.on("trouble", (what, { error, ...details }) => log.warn({ ...details, err: error }, what));
}
