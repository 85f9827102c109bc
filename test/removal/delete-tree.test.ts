import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { deleteTree } from "../../src/runs/delete-tree.ts";
import { home, temporaryFolder } from "../support/server.ts";

const isRoot = process.getuid?.() === 0;

/** Deletes in a process of its own, prepared by these commands. */
function deleteBy(command: readonly string[], path: string) {
  const program = `import { deleteTree } from "${join(home, "src/runs/delete-tree.ts")}"; await deleteTree(process.argv[1]);`;
  const [file = "", ...before] = [...command, process.execPath];
  return execa(file, [...before, "--input-type=module", "-e", program, path], { reject: false });
}

test("all of a folder goes, its links too, and nothing that they lead to", async () => {
  const folder = await temporaryFolder();
  const [path, precious] = [join(folder, "run"), join(folder, "precious")];
  mkdirSync(join(path, "a/b/c"), { recursive: true });
  mkdirSync(precious);
  writeFileSync(join(precious, "file"), "untouched");
  writeFileSync(join(path, "a/b/c/file"), "");
  symlinkSync(precious, join(path, "link"));
  symlinkSync(precious, join(path, "a/b/link"));
  symlinkSync(join(precious, "file"), join(path, "a/link"));
  symlinkSync("nowhere", join(path, "a/b/c/dangling"));
  execFileSync("mkfifo", [join(path, "a/fifo")]);
  await deleteTree(path);
  expect(readdirSync(folder)).toEqual(["precious"]);
  expect(readFileSync(join(precious, "file"), "utf8")).toBe("untouched");
});

test("a link in the folder's own place goes, and what it leads to stays", async () => {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, "precious"));
  writeFileSync(join(folder, "precious/file"), "");
  symlinkSync(join(folder, "precious"), join(folder, "link"));
  await deleteTree(join(folder, "link"));
  writeFileSync(join(folder, "plain"), "");
  await deleteTree(join(folder, "plain"));
  await deleteTree(join(folder, "never there"));
  expect(readdirSync(folder)).toEqual(["precious"]);
  expect(readdirSync(join(folder, "precious"))).toEqual(["file"]);
});

test("a folder that is deeper than any path may be long goes", async () => {
  const folder = await temporaryFolder();
  const program =
    "import os\nfor _ in range(3000):\n os.mkdir('folder')\n open('file', 'w').close()\n os.chdir('folder')";
  mkdirSync(join(folder, "deep"));
  execFileSync("python3", ["-c", program], { cwd: join(folder, "deep") });
  await deleteTree(join(folder, "deep"));
  expect(readdirSync(folder)).toEqual([]);
});

test("names that this deletion itself could give are no hindrance", async () => {
  const folder = await temporaryFolder();
  for (const name of [".moved-", ".moved-x-0/.moved-x-1", ".trash-x"])
    mkdirSync(join(folder, "run", name), { recursive: true });
  await deleteTree(join(folder, "run"));
  expect(readdirSync(folder)).toEqual([]);
});

test("an ordinary user deletes what was made read-only or unreadable", async ({ skip }) => {
  skip(!isRoot, "needs to become nobody");
  const nobody = 65534;
  const folder = await temporaryFolder();
  chmodSync(folder, 0o777);
  const path = join(folder, "run");
  const folders = ["", "read-only", "read-only/inside", "unreadable", "unreadable/inside", "closed/inside"];
  for (const each of folders) mkdirSync(join(path, each), { recursive: true });
  for (const each of folders) writeFileSync(join(path, each, "file"), "", { mode: 0o400 });
  const modes = {
    "closed/inside": 0o500,
    closed: 0o000,
    "unreadable/inside": 0o000,
    unreadable: 0o300,
    "read-only/inside": 0o500,
    "read-only": 0o500,
    "": 0o500,
  };
  execFileSync("chown", ["-R", `${nobody}:${nobody}`, path]);
  for (const [each, mode] of Object.entries(modes)) chmodSync(join(path, each), mode);
  const { stderr } = await deleteBy(
    ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"],
    path,
  );
  expect(stderr).toBe("");
  expect(existsSync(path)).toBe(false);
});

test("what is another user's stays and is told, all else goes", async ({ skip }) => {
  skip(!isRoot, "needs to become nobody");
  const nobody = 65534;
  const folder = await temporaryFolder();
  chownSync(folder, nobody, nobody);
  const path = join(folder, "run");
  mkdirSync(join(path, "others/inside"), { recursive: true });
  mkdirSync(join(path, "own/inside"), { recursive: true });
  writeFileSync(join(path, "others/file"), "");
  for (const each of ["", "own", "own/inside"]) chownSync(join(path, each), nobody, nobody);
  const { stderr } = await deleteBy(
    ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"],
    path,
  );
  expect(stderr).toContain("EACCES");
  const [left = "", ...more] = readdirSync(path);
  expect(more).toEqual([]);
  expect(readdirSync(join(path, left)).toSorted()).toEqual(["file", "inside"]);
});

test("a mounted disk is not entered, wherever it is mounted, and all else goes", async ({ skip }) => {
  skip(!isRoot, "needs to mount");
  const folder = await temporaryFolder();
  const [path, precious] = [join(folder, "run"), join(folder, "precious")];
  for (const each of ["top", "a/b/deep", "a/other"]) mkdirSync(join(path, each), { recursive: true });
  mkdirSync(precious);
  writeFileSync(join(precious, "file"), "untouched");
  writeFileSync(join(path, "a/b/file"), "");
  const script = `for each in top a/b/deep; do mount --bind '${precious}' '${path}'/$each; done\nexec "$0" "$@"`;
  const { stderr } = await deleteBy(["unshare", "--mount", "sh", "-c", script], path);
  expect(stderr).toContain("EBUSY");
  expect(readdirSync(precious)).toEqual(["file"]);
  expect(existsSync(join(path, "a/other"))).toBe(false);
});

test("a folder that somebody goes on writing to is given up or becomes empty, and no other suffers", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "run");
  mkdirSync(path);
  const writer = execa("python3", ["-u", "-c", writes, path], { reject: false });
  for await (const line of writer) if (line === "writing") break;
  const deletion = deleteTree(path).then(
    () => "deleted",
    () => "given up",
  );
  expect(["deleted", "given up"]).toContain(await deletion);
  writer.kill("SIGKILL");
  await writer;
});

const writes = `
import os, sys
os.chdir(sys.argv[1])
for number in range(20000):
    if number == 1000: print("writing")
    try: open("file%d" % number, "w").close()
    except OSError: break
`;
