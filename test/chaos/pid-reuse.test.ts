import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { fixtures, home, temporaryFolder } from "../support/server.ts";
import { patience, scale } from "./scale.ts";

test(`${scale.reusedPids} shims whose pid passed to a stranger: no stranger signalled`, {
  timeout: patience,
}, async () => {
  const runsDir = await temporaryFolder();
  const script = join(fixtures, "pid_reuse.py");
  const { stdout } = await execa(
    "unshare",
    [
      "--pid",
      "--fork",
      "--mount-proc",
      "--kill-child",
      "python3",
      script,
      join(home, "bin", "quant-runs"),
      runsDir,
      fixtures,
      String(scale.reusedPids),
    ],
    { stderr: "inherit" },
  );
  const rounds = stdout.split("\n").map((line) => JSON.parse(line));
  expect(rounds).toHaveLength(scale.reusedPids);
  for (const round of rounds) expect(round).toEqual({ stranger_lives: true, reason: "lost" });
});
