import { appendFile, mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, describe, expect, test } from "vitest";
import { readProgress } from "../../src/progress/read-progress.ts";
import { type fileNames, fileOf } from "../../src/runs/run-directory.ts";
import { temporaryFolder } from "../support/server.ts";

const start = "2026-01-01T00:00:00.000000+00:00";

/** A moment so many seconds after the start. */
const after = (seconds: number) => Date.parse(start) / 1000 + seconds;

const at = (step: number) => `\r${step}%|####5     | ${step}/100 [00:10<00:12,  4.39it/s]`;

let directory: string;

beforeEach(async ({ onTestFinished }) => {
  directory = join(await temporaryFolder(onTestFinished), "some-job");
  await mkdir(directory);
});

async function write(name: keyof typeof fileNames, text: string | Buffer, seconds = 10): Promise<void> {
  await writeFile(fileOf(directory, name), text);
  await utimes(fileOf(directory, name), after(seconds), after(seconds));
}

const progress = () => readProgress(directory, start);

test("there is none of a job without files, and of none", async () => {
  expect(await progress()).toBeNull();
  expect(await readProgress(join(directory, "none"), start)).toBeNull();
});

describe("the logs", () => {
  test.each(["stdout", "stderr"] as const)("show it in the last bar of %s", async (name) => {
    await write(name, `hello\n${at(44)}${at(45)}\nmaximum drawdown 17%\n`);
    expect(await progress()).toEqual({
      fraction: 0.45,
      current: 45,
      total: 100,
      rate: 4.39,
      eta_seconds: 12,
      text: at(45).trim(),
    });
  });

  test("show none in ordinary lines", async () => {
    await write("stdout", "maximum drawdown 17%\ndone 3/4 of files\n".repeat(1000));
    await write("stderr", "WARNING: 45% of the prices are missing\n");
    expect(await progress()).toBeNull();
  });

  test.each([
    ["stdout", 11, 10, 44],
    ["stderr", 10, 11, 45],
  ])("show the bar of %s, which was written last", async (_name, stdout, stderr, current) => {
    await write("stdout", at(44), stdout);
    await write("stderr", at(45), stderr);
    expect(await progress()).toMatchObject({ current });
  });

  test("show the only bar, whichever log was written last", async () => {
    await write("stdout", at(44), 10);
    await write("stderr", "an ordinary line\n", 11);
    expect(await progress()).toMatchObject({ current: 44 });
  });

  test("of a line of 1 MiB show the bar after it, and none before that", async () => {
    await write("stderr", at(44) + "x".repeat(1024 * 1024));
    expect(await progress()).toBeNull();
    await appendFile(fileOf(directory, "stderr"), at(45));
    expect(await progress()).toMatchObject({ current: 45 });
  });

  test.each([0, 1, 2, 3])("are read from %i bytes within a character on", async (bytes) => {
    await write("stderr", `${"😀".repeat(4000)}${"x".repeat(bytes)}${at(45)}`);
    expect(await progress()).toMatchObject({ current: 45, text: at(45).trim() });
  });

  test("do not show a bar whose beginning lies too far back", async () => {
    const rest = "12345|####5     | 45/100 [00:10<00:12, 4.39it/s]\n";
    await write("stderr", `${rest}${"x".repeat(64 * 1024 - rest.length + 3)}`);
    expect(await progress()).toBeNull();
  });

  test("show the bar before one that ends within a character", async () => {
    const half = Buffer.from("46%|█").subarray(0, -1);
    await write("stderr", Buffer.concat([Buffer.from(`${at(45)}\r`), half]));
    expect(await progress()).toMatchObject({ current: 45 });
  });
});

describe("the progress file", () => {
  beforeEach(() => write("stderr", at(45), 100));

  test("counts for more than a bar", async () => {
    await write("progress", '{"current": 1, "total": 4}\n{"current": 2, "total": 8, "text": "reads"}\n', 10);
    expect(await progress()).toEqual({
      fraction: 0.25,
      current: 2,
      total: 8,
      rate: 0.2,
      eta_seconds: 30,
      text: "reads",
    });
  });

  test.each([
    ["half a number after it", "0.25\n0.7"],
    ["half an object after it", '0.25\n{"fraction": 0.'],
    ["nonsense after it", "0.25\nhello\n\n"],
    ["Windows line ends", "0.75\r\n0.25\r\n"],
    ["an object without a line end", '0.75\n{"fraction": 0.25}'],
    ["more before it than is read", `${"0.75\n".repeat(10_000)}0.25\n`],
    ["a line of 1 MiB before it", `${"7".repeat(1024 * 1024)}\n0.25\n`],
  ])("tells its last sound line, with %s", async (_what, text) => {
    await write("progress", text);
    expect(await progress()).toMatchObject({ fraction: 0.25 });
  });

  test.each([
    ["is empty", ""],
    ["tells nothing", "hello\n{}\n"],
    ["has no whole number", "0.25"],
    ["is a line of 1 MiB without an end", `0.${"5".repeat(1024 * 1024)}`],
    ["is no text", Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256))],
  ])("that %s leaves it to the logs", async (_what, text) => {
    await write("progress", text);
    expect(await progress()).toMatchObject({ current: 45 });
  });

  test.each(["2026-01-01T00:01:00+00:00", "", "yesterday"])(
    "tells no rate of a start at %j",
    async (given) => {
      await write("progress", '{"current": 2, "total": 8}\n', 10);
      expect(await readProgress(directory, given)).toMatchObject({
        current: 2,
        rate: null,
        eta_seconds: null,
      });
    },
  );
});

describe("in place of every file", () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ["a FIFO", (path) => execa("mkfifo", [path])],
    ["a folder", (path) => mkdir(path)],
    ["a link", (path) => symlink(join(directory, "elsewhere"), path)],
    ["a link to nothing", (path) => symlink("nothing", path)],
    ["a device", (path) => symlink("/dev/zero", path)],
  ])("%s is not read", async (_what, plant) => {
    await writeFile(join(directory, "elsewhere"), `0.25\n${at(45)}`);
    for (const name of ["progress", "stdout", "stderr"] as const) await plant(fileOf(directory, name));
    expect(await progress()).toBeNull();
  });
});

test("a link in the run directory's place is not followed", async () => {
  await write("progress", "0.25\n");
  await rename(directory, `${directory}-elsewhere`);
  await symlink(`${directory}-elsewhere`, directory);
  expect(await progress()).toBeNull();
});
