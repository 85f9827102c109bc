import { chown } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { home, reached, run, send, submit, temporaryFolder } from "../support/server.ts";
import { needBubblewrap, startSandboxed } from "./sandboxed.ts";

needBubblewrap();

/** `nobody`, who has no rights of root's and owns nothing (user_namespaces(7)). */
const nobody = 65534;
const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
const python = "/usr/bin/python3";

/** Undefined where a server can run as nobody. */
async function obstacle(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "every other test runs as an ordinary user";
  const [setpriv = "", ...flags] = asNobody;
  const tried = await execa(
    setpriv,
    [...flags, "test", "-r", join(home, "src/main.ts"), "-a", "-x", python],
    {
      reject: false,
    },
  );
  return tried.failed ? "nobody cannot run the server of this folder" : undefined;
}

test("jobs of an ordinary user's server run in sandboxes, are counted and are cancelled", async ({
  skip,
}) => {
  const reason = await obstacle();
  skip(reason !== undefined, reason);
  const runsDir = await temporaryFolder();
  await chown(runsDir, nobody, nobody);
  const server = await startSandboxed({
    runsDir,
    command: [...asNobody, join(home, "bin", "quant-runs")],
    env: { QUANT_RUNS_PYTHON: python, HOME: "/nonexistent" },
  });
  const job = await run(server, "attempts:attempts", {
    write: ["/var/tmp"],
    read: [`/proc/${server.pid}/stat`],
  });
  expect(job.result).toEqual({
    result: { write: { "/var/tmp": "EROFS" }, read: { [`/proc/${server.pid}/stat`]: "ENOENT" } },
  });
  const running = await submit(server, "stubborn:sleeps");
  await reached(server, running, "running");
  expect((await send(server, `/jobs/${running}`)).body.usage).toMatchObject({ processes: 1 });
  await send(server, `/jobs/${running}/cancel`, {});
  expect(await reached(server, running, "failed")).toMatchObject({ failure: { reason: "cancelled" } });
});
