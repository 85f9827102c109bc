import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { resolvePython } from "../../src/runtimes/python.ts";
import { ended, fixtures, home, submit, temporaryFolder } from "../support/server.ts";
import { bwrap, inSandbox, needBubblewrap, startSandboxed } from "./sandboxed.ts";

needBubblewrap();

/** Starts a server that must refuse to start; returns the one line in which it says why. */
async function refusal(env: Record<string, string>): Promise<string> {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [join(home, "src", "main.ts"), "serve"],
    {
      cwd: fixtures,
      env: { PORT: "0", QUANT_RUNS_DIR: await temporaryFolder(), ...inSandbox, ...env },
      reject: false,
    },
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr.split("\n")).toHaveLength(1);
  return stderr;
}

/** A folder that holds a bwrap which is this script. */
async function folderWithBwrap(script: string): Promise<string> {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, "bwrap"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "bwrap"), 0o700);
  return folder;
}

test("a server whose PATH has no bwrap says what to install", async () => {
  const python = await resolvePython("python3");
  expect(await refusal({ PATH: await temporaryFolder(), QUANT_RUNS_PYTHON: python })).toMatch(
    /no bwrap in PATH.*install bubblewrap.*QUANT_RUNS_SANDBOX/,
  );
});

test("a server that may make no sandbox says why", async () => {
  const folder = await folderWithBwrap("echo 'bwrap: No permissions to create new namespace' >&2; exit 1");
  expect(await refusal({ PATH: `${folder}:${process.env.PATH}` })).toMatch(
    /no sandbox can be made \(bwrap: No permissions to create new namespace\).*QUANT_RUNS_SANDBOX/,
  );
});

test.each([
  ["a folder that is not there", "/no/such/folder", /\/no\/such\/folder.*QUANT_RUNS_SANDBOX_WRITE.*ENOENT/],
  ["a file", "/etc/passwd", /\/etc\/passwd of QUANT_RUNS_SANDBOX_WRITE is no folder/],
])("%s cannot be written to by jobs", async (_what, path, reason) => {
  expect(await refusal({ QUANT_RUNS_SANDBOX_WRITE: `/var/tmp,${path}` })).toMatch(reason);
});

test("the runs directory cannot be written to by jobs", async () => {
  const folder = await temporaryFolder();
  expect(await refusal({ QUANT_RUNS_DIR: folder, QUANT_RUNS_SANDBOX_WRITE: folder })).toMatch(
    /lies in the runs directory: .*QUANT_RUNS_SANDBOX_WRITE/,
  );
});

test("a job waits while the machine has no room for another sandbox", async () => {
  const lack = "bwrap: Creating new namespace failed: Resource temporarily unavailable";
  const folder = await folderWithBwrap(`
    case "$*" in
      *run-entrypoint*) mkdir "\${0%/*}/once" 2>/dev/null && { echo '${lack}' >&2; exit 1; } ;;
    esac
    exec ${bwrap} "$@"`);
  const server = await startSandboxed({
    env: { PATH: `${folder}:${process.env.PATH}` },
    args: ["--log-level", "debug"],
  });
  const job = await ended(server, await submit(server, "basic:returns_nothing"));
  expect(job.status).toBe("completed");
  expect(server.log.join("\n")).toContain('"spawnError":"EAGAIN"');
});
