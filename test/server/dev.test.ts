import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { home, run, send, temporaryFolder, waitFor } from "../support/server.ts";
import { isSilent, startProgram } from "./program.ts";

/** A copy of the sources that may be changed. */
async function copyOfSources(): Promise<string> {
  const copy = await temporaryFolder();
  for (const name of ["package.json", "bin", "src"])
    cpSync(join(home, name), join(copy, name), { recursive: true });
  symlinkSync(join(home, "node_modules"), join(copy, "node_modules"));
  return copy;
}

test("npm run dev serves anew when a source file changes, until it is stopped", async () => {
  const copy = await copyOfSources();
  const env = { PORT: "0", HOST: "127.0.0.1", QUANT_RUNS_DIR: join(copy, "runs") };
  const dev = startProgram("npm", ["run", "dev"], { cwd: copy, env });
  const first = await dev.listening(1);
  const job = await run(first, "basic:succeeds");

  const source = join(copy, "src", "http", "routes", "show-health.ts");
  writeFileSync(source, readFileSync(source, "utf8").replace('"healthy"', '"changed"'));
  const second = await dev.listening(2);
  expect((await send(second, "/health")).body.status).toBe("changed");
  expect((await send(second, `/jobs/${job.job_id}`)).body).toEqual(job);
  expect(await isSilent(first)).toBe(true);

  process.kill(dev.pid, "SIGTERM");
  await dev.ended;
  await waitFor(async () => expect(await isSilent(second)).toBe(true));
});
