import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, startServer, type TestServer } from "../support/server.ts";
import { startWarmServer, withoutOwnModules } from "./warm-server.ts";

const coldly = { env: { QUANT_RUNS_WARM: "off" } };

async function resultOf(server: TestServer, entrypoint: string): Promise<unknown> {
  const { result, error } = await run(server, `surroundings:${entrypoint}`);
  expect(error).toBeNull();
  return (result as { result: unknown }).result;
}

test("a warm job is forked from the template, a cold one is not", async () => {
  expect(await resultOf(await startWarmServer(), "is_warm")).toBe(true);
  expect(await resultOf(await startServer(coldly), "is_warm")).toBe(false);
});

test("a warm job finds around it what a cold one finds, and a second one too", async () => {
  const [warm, cold] = [await startWarmServer(), await startServer(coldly)];
  const expected = await resultOf(cold, "describe");
  expect(expected).toMatchObject({ leads_session: true, shim_says: "RUN_DIR", first_variables: true });
  expect(withoutOwnModules(await resultOf(warm, "describe"))).toEqual(withoutOwnModules(expected));
  expect(withoutOwnModules(await resultOf(warm, "describe"))).toEqual(withoutOwnModules(expected));
});

test.each([
  ["on", undefined],
  ["on", "imported_ahead"],
  ["on", "surroundings"],
  ["off", undefined],
])("what is open at the end is finished (warm: %s, imported ahead: %s)", async (warm, preload) => {
  const start = warm === "on" ? startWarmServer : startServer;
  const server = await start({ env: { QUANT_RUNS_WARM: warm, QUANT_RUNS_PRELOAD: preload } });
  const { job_id, status } = await run(server, "surroundings:leaves_open");
  const left = (name: string) => readFileSync(join(server.runsDir, job_id, name), "utf8");
  expect(status).toBe("completed");
  expect(left("file")).toBe("written");
  expect(left("late")).toBe("written");
  expect(left("archive")).toContain("PK\x05\x06"); // the end of a zip archive (APPNOTE.TXT, 4.3.16)
  expect(left("stdout.log")).toBe("no end of line");
  expect(left("stderr.log")).toBe("");
  for (const name of ["finished", "exit function", "thread"]) expect(left(name)).toBe("yes");
});

test("a job whose output cannot be written at its end says so as a script does", async () => {
  const server = await startWarmServer();
  const { job_id } = await run(server, "surroundings:fails_at_exit");
  const directory = join(server.runsDir, job_id);
  expect(JSON.parse(readFileSync(join(directory, "exit.json"), "utf8")).exit_code).toBe(120); // Py_FinalizeEx
  expect(existsSync(join(directory, "status.json"))).toBe(true);
});

test("random numbers differ from job to job", async () => {
  const server = await startWarmServer({ env: { QUANT_RUNS_PRELOAD: "random" } });
  expect(await resultOf(server, "draw")).not.toEqual(await resultOf(server, "draw"));
});
