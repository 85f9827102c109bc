import { execFileSync } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { home, run, type TestServer, temporaryFolder, waitFor } from "../support/server.ts";
import { livingTemplateOf, startWarmServer } from "./warm-server.ts";

const shims = join(home, "bin", "shims");

/** From which age on, in milliseconds, a folder is known by its facts alone (folder.py), and a look at it is over. */
const settled = 3500;

async function resultOf(server: TestServer, entrypoint: string): Promise<unknown> {
  const { result, error } = await run(server, entrypoint);
  expect(error).toBeNull();
  return (result as { result: unknown }).result;
}

/** Files by their paths in a new folder, which is returned. */
async function written(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  write(folder, files);
  return folder;
}

function write(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Tells which process has imported it, and whether that is the job's own. */
const probe = `import os
PID = os.getpid()
def is_imported_ahead():
    return PID != os.getpid()
def says():
    return SAYS
`;

/** A server that imports a module of these folders ahead, once its template lasts. */
async function startAhead(module: string, ...folders: string[]): Promise<TestServer> {
  const env = { PYTHONPATH: folders.join(":"), QUANT_RUNS_PRELOAD: module };
  const server = await startWarmServer({ env, cwd: folders[0] ?? "" });
  await isAhead(server, module);
  return server;
}

function isAhead(server: TestServer, module: string): Promise<void> {
  return waitFor(async () => expect(await resultOf(server, `${module}:is_imported_ahead`)).toBe(true));
}

test("a folder that becomes a package comes before a module of that name in a later folder", async () => {
  const [first, second] = [
    await written({ "dep/data.csv": "" }),
    await written({ "dep.py": `${probe}SAYS = "module"\n` }),
  ];
  const server = await startAhead("dep", first, second);
  expect(await resultOf(server, "dep:says")).toBe("module");
  write(first, { "dep/__init__.py": `${probe}SAYS = "package"\n` });
  expect(await resultOf(server, "dep:says")).toBe("package");
  await isAhead(server, "dep");
  expect(await resultOf(server, "dep:says")).toBe("package");
});

test("what comes into a package without __init__.py is found", async () => {
  const text = `${probe}try:\n    from ns.over import SAYS\nexcept ImportError:\n    SAYS = "base"\n`;
  const folder = await written({ "ns/base.py": text });
  const server = await startAhead("ns.base", folder);
  expect(await resultOf(server, "ns.base:says")).toBe("base");
  write(folder, { "ns/over.py": 'SAYS = "over"\n' });
  expect(await resultOf(server, "ns.base:says")).toBe("over");
});

test("a file that points to other folders is looked at like a module", async () => {
  const folder = await written({ "mom.py": probe, "own.pth": "/one/checkout\n" });
  const server = await startAhead("mom", folder);
  write(folder, { "own.pth": "/other/checkout\n" });
  expect(await resultOf(server, "mom:is_imported_ahead")).toBe(false);
  await isAhead(server, "mom");
});

test("an entry of the module path that is no text is passed over, as by an import", async () => {
  const folder = await written({
    "mom.py": probe,
    "sitecustomize.py": "import pathlib, sys\nsys.path.append(pathlib.Path('/usr/lib'))\n",
  });
  const server = await startAhead("mom", folder);
  const template = livingTemplateOf(server);
  await waitFor(() => expect(Date.now() - statSync(folder).ctimeMs).toBeGreaterThan(settled));
  for (let count = 0; count < 3; count++) expect(await resultOf(server, "mom:is_imported_ahead")).toBe(true);
  expect(livingTemplateOf(server)).toBe(template);
});

test("a folder on the module path that comes to be is looked through, and so is one that changes with each job", async () => {
  const folder = await written({ "mom.py": `${probe}SAYS = "first"\n` });
  const later = join(folder, "later");
  const server = await startAhead("mom", folder, later);
  write(later, { "new.py": 'def says():\n    return "found"\n' });
  expect(await resultOf(server, "new:says")).toBe("found");
  await isAhead(server, "mom");
  for (let count = 0; count < 3; count++) {
    write(folder, { [`note-${count}.txt`]: "" });
    expect(await resultOf(server, "mom:is_imported_ahead")).toBe(true);
  }
  write(folder, { "note.txt": "", "mom.py": `${probe}SAYS = "second"\n` });
  expect(await resultOf(server, "mom:says")).toBe("second");
});

test("a shim's file that is replaced by another is seen, what Python compiles is not", async () => {
  const folder = await written({ "one.py": "", "two.py": "" });
  const script = `import os, sys
sys.path.insert(0, ${JSON.stringify(shims)})
from quant_runs_shim.folder import Folder, sources_in
folder = Folder(".", sources_in)
os.mkdir("__pycache__")
print(folder.is_unchanged())
open(".one.py", "w").close()
os.rename(".one.py", "one.py")
print(folder.is_unchanged())
gone = Folder(".", sources_in)
for name in ("one.py", "two.py"):
    os.remove(name)
for path in ("__pycache__", os.getcwd()):
    os.rmdir(path)
print(gone.is_unchanged())
`;
  expect(execFileSync("python3", ["-c", script], { cwd: folder, encoding: "utf8" })).toBe(
    "True\nFalse\nFalse\n",
  );
});

test("a module that could not be imported ahead is, once it has been mended", async () => {
  const folder = await written({ "mom.py": `import helper\n${probe}`, "helper.py": "what is this\n" });
  const env = { PYTHONPATH: folder, QUANT_RUNS_PRELOAD: "mom" };
  const server = await startWarmServer({ env, cwd: folder });
  expect((await run(server, "mom:is_imported_ahead")).failure?.reason).toBe("entrypoint");
  write(folder, { "helper.py": "" });
  await isAhead(server, "mom");
});

test("a module of the user's own that has a library's name is imported ahead as it is", async () => {
  const folder = await written({
    "random.py": "x = 1\n",
    "mom.py": `import random\n${probe}SAYS = random.x\n`,
  });
  const server = await startAhead("mom", folder);
  expect(await resultOf(server, "mom:says")).toBe(1);
});

test("a module whose import makes others is not imported for ever", async () => {
  const text = `import tempfile\nopen(tempfile.mktemp(".py", dir="."), "w").close()\n${probe}`;
  const folder = await written({ "mom.py": text });
  const env = { PYTHONPATH: folder, QUANT_RUNS_PRELOAD: "mom" };
  const server = await startWarmServer({ env, cwd: folder });
  await waitFor(() => expect(server.log.join("\n")).toContain("changes again and again"));
  expect((await run(server, "mom:is_imported_ahead")).result).toEqual({ result: false });
});

test("a package whose import failed ahead is imported by a job as if nobody had tried", async () => {
  const half = `import os\nimport half.part\nif not os.path.exists("whole"):\n    raise ValueError("not yet")\nVALUE = half.part.VALUE\ndef value():\n    return VALUE\n`;
  const folder = await written({ "half/__init__.py": half, "half/part.py": "VALUE = 5\n" });
  const env = { PYTHONPATH: folder, QUANT_RUNS_PRELOAD: "half" };
  const server = await startWarmServer({ env, cwd: folder });
  await waitFor(() => expect(server.log.join("\n")).toContain("not imported ahead: half"));
  write(folder, { whole: "" });
  expect(await resultOf(server, "half:value")).toBe(5);
});
