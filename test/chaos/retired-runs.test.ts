import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { ask } from "../removal/ask.ts";
import { plantEnded, runsIn, trashIn } from "../support/planted-runs.ts";
import { run, send, startServer, type TestServer, temporaryFolder, waitFor } from "../support/server.ts";
import { patience, scale } from "./scale.ts";

/** The lines of the log that tell what retention has removed. */
const retired = ({ log }: TestServer) => log.filter((line) => line.includes("job removed by retention"));

test(`${scale.retiredRuns} runs go while every request is answered`, { timeout: patience }, async () => {
  const runsDir = await temporaryFolder();
  await plantEnded(runsDir, "run-0", { daysAgo: 3 });
  execFileSync("python3", ["-c", copies, "run-0", String(scale.retiredRuns)], { cwd: runsDir });
  await plantEnded(runsDir, "stays", { daysAgo: 1 });
  const server = await startServer({ runsDir, args: ["--keep-days", "2", "--durability", "process"] });
  let answered = 0;
  const isOver = () => runsIn(runsDir).every((name) => !name.startsWith("run-"));
  for (let index = scale.retiredRuns - 1; !isOver(); index = index > 7 ? index - 7 : scale.retiredRuns - 1) {
    const shown = await ask(server, "GET", `/jobs/run-${index}`);
    const list = await ask(server, "GET", "/jobs?limit=20");
    const later = await run(server, "basic:succeeds");
    expect([200, 404]).toContain(shown.status);
    expect([list.status, later.status]).toEqual([200, "completed"]);
    answered++;
  }
  expect(answered).toBeGreaterThan(0);
  await waitFor(() => expect(retired(server)).toHaveLength(scale.retiredRuns));
  await waitFor(() => expect(trashIn(runsDir)).toEqual([]));
  expect((await send<{ total: number }>(server, "/jobs")).body.total).toBe(answered + 1);
  expect(server.log.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
});

/** Copies a run under many names, faster than runs are made. */
const copies = `
import shutil, sys
name, count = sys.argv[1], int(sys.argv[2])
for number in range(1, count):
    copy = "run-%d" % number
    shutil.copytree(name, copy)
    for file in ("job.json", "status.json"):
        with open(copy + "/" + file, "r+") as record:
            text = record.read().replace(name, copy)
            record.seek(0)
            record.write(text)
`;
