import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { Events } from "../../src/events.ts";
import type { Job } from "../../src/jobs/job.ts";
import { startRetention } from "../../src/retention/retention.ts";
import { RunsDirectoryAway } from "../../src/runs/run-directory.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { inNamespaces } from "../support/namespaces.ts";
import { plantEnded, runsIn } from "../support/planted-runs.ts";
import { home, run, startServer, temporaryFolder, waitFor } from "../support/server.ts";

/** Keeps a folder in its place until the test is over; returns by what a server is run there, undefined where that cannot be. */
type Hold = (folder: string) => Promise<string[] | undefined>;

const holds: [string, Hold][] = [
  [
    "since something is mounted there",
    async (folder) => inNamespaces(["--mount"], `mount --bind '${folder}' '${folder}'`),
  ],
  [
    "since chattr(1) forbids it",
    async (folder) => {
      const change = (flag: string) => execa("chattr", [flag, folder], { reject: false });
      onTestFinished(async () => void (await change("-i")));
      return (await change("+i")).failed ? undefined : [join(home, "bin", "quant-runs")];
    },
  ],
];

test.for(holds)(
  "a run that cannot be moved %s is passed over and told once, the others go",
  async ([_why, hold], { skip }) => {
    skip(process.getuid?.() !== 0, "needs root");
    const runsDir = await temporaryFolder();
    for (const [daysAgo, name] of [..."abcd"].entries()) await plantEnded(runsDir, name, { daysAgo });
    const command = await hold(join(runsDir, "d"));
    if (command === undefined) return skip("the disk knows no such flags");
    const server = await startServer({ runsDir, command, args: ["--keep-runs", "1"] });
    await waitFor(() => expect(runsIn(runsDir).join("")).toBe("ad"));
    await run(server, "basic:succeeds");
    await waitFor(() => expect(runsIn(runsDir)).toHaveLength(2));
    const complaints = server.log.filter((line) => line.includes("retention cannot remove"));
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain('"job_id":"d"');
  },
);

test("while no run can be removed, for the disk's sake, few are tried and all stay", async () => {
  const runsDir = await temporaryFolder();
  const ids = Array.from({ length: 40 }, (_, index) => `run-${index}`);
  for (const jobId of ids) await plantEnded(runsDir, jobId, { daysAgo: 3 });
  const events = new Events();
  const index = new JobIndex(events);
  const completed_at = "2026-01-01T00:00:00.000000+00:00";
  const state = { status: "completed", started_at: null, completed_at } as const;
  index.load(
    ids.map((job_id) => {
      return { job_id, created_at: completed_at, entrypoint: "a:b", runtime: "python", labels: {}, state };
    }),
  );
  const tried: string[] = [];
  const complaints: unknown[] = [];
  events.on("trouble", (_what, { job_id }) => complaints.push(job_id));
  const retention = startRetention({
    config: { runsDir, keepDays: 1, keepRuns: undefined, keepBytes: undefined },
    index,
    events,
    retire: async (jobId) => {
      tried.push(jobId);
      throw new RunsDirectoryAway(runsDir);
    },
    forgetRemoved: async () => undefined,
  });
  await waitFor(() => expect(complaints).toHaveLength(8));
  events.emit("pin", index.get("run-39") as Job);
  await new Promise((resolve) => setImmediate(resolve));
  retention.end();
  expect(new Set(tried)).toEqual(new Set(complaints));
  expect(tried).toHaveLength(8);
  expect(index.endedIds()).toHaveLength(40);
});
