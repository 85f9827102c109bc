import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesOnDisk } from "../../src/runs/bytes-on-disk.ts";
import { plantEnded } from "../support/planted-runs.ts";
import { temporaryFolder } from "../support/server.ts";

test("du(1) counts the same bytes", async () => {
  const runsDir = await temporaryFolder();
  const directory = await plantEnded(runsDir, "a", { bytes: 123_456 });
  mkdirSync(join(directory, "x/y/z"), { recursive: true });
  writeFileSync(join(directory, "x/y/z/file"), "x".repeat(50_000));
  for (const name of ["once-more", "z/again"])
    linkSync(join(directory, "x/y/z/file"), join(directory, "x/y", name));
  symlinkSync("/usr", join(directory, "x/link"));
  execFileSync("truncate", ["-s", "1G", join(directory, "x/sparse")]);
  const counted = execFileSync("du", ["-s", "--block-size=1", directory], { encoding: "utf8" });
  expect(await bytesOnDisk(directory)).toBe(Number(counted.split("\t")[0]));
  expect(await bytesOnDisk(join(directory, "nowhere"))).toBe(0);
  expect(existsSync(directory)).toBe(true);
});
