import { access, mkdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Status, statuses, transitions } from "../src/jobs/status.ts";
import { chromiumPath, sharedBrowser } from "./http/browser.ts";
import {
  type Block,
  blocks,
  expectPrinted,
  jsonOf,
  moduleName,
  readme,
  type Step,
  saveModules,
  shellStepsOf,
  stepsOf,
} from "./support/readme.ts";
import { fixtures, home, temporaryFolder, waitFor } from "./support/server.ts";

/** The folder in which a reader would stand: the repository with nothing in its runs directory yet. */
let folder = "";
const undoings: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  folder = await realpath(await temporaryFolder((undo) => undoings.push(undo)));
  for (const name of ["bin", "node_modules", "package.json", "src"]) {
    await symlink(join(home, name), join(folder, name));
  }
  await mkdir(join(folder, ".quant_runs"));
  await saveModules(folder);
});
afterAll(async () => {
  await stopServer();
  for (const undo of undoings) await undo();
});

/** Where the server of the examples really listens, and how to stop it. */
let url = "";
let stopServer: () => Promise<unknown> = async () => undefined;

const browser = sharedBrowser();

/** The ids that jobs really have, by those that the README shows. */
const realIds = new Map<string, string>();

/** The last thing a block printed, for a block of output behind it. */
let lastOutput = "";

/** Commands that are not run, each with the reason. */
const notRun: Readonly<Record<string, string>> = {
  "sudo systemctl enable --now quant-runs": "it would change the machine that runs this test",
};

/** Commands that are run without a part, each with the reason. */
const leftOut: Readonly<Record<string, string>> = {
  "npm ci && ": "it would take away the packages that this test runs on; .ci/run runs it on a clean checkout",
  " | sudo tee /etc/systemd/system/quant-runs.service": "it would change the machine that runs this test",
};

/** How a block of each language is checked. One of any other language fails. */
const rules: Readonly<Record<string, (block: Block) => Promise<void> | void>> = {
  sh: async (block) => {
    for (const step of shellStepsOf(block)) await checkCommand(step);
  },
  python: (block) => checkProgram(block, "#", "python3", "example.py"),
  js: (block) =>
    block.lines.some((line) => line.includes("EventSource"))
      ? checkOnPage(block)
      : checkProgram(block, "//", process.execPath, "example.mjs"),
  text: ({ lines }) => expectPrinted(lines, lastOutput),
  mermaid: checkDiagram,
};

test.each(blocks.map((block) => ({ ...block, first: block.lines[0] })))(
  "README.md, line $line, is as it says: $first",
  async (block) => {
    const rule = rules[block.language];
    if (rule === undefined) throw new Error(`no rule covers blocks of the language '${block.language}'`);
    await rule(block);
  },
);

test("every exception is one for a command that is there", () => {
  for (const command of [...Object.keys(notRun), ...Object.keys(leftOut)]) expect(readme).toContain(command);
});

test("every npm script that is named exists", async () => {
  const { scripts } = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  const named = [...readme.matchAll(/\bnpm (?:run )?(?!ci\b|run\b)([a-z]+)/g)].map((found) => found[1]);
  expect(named.length).toBeGreaterThan(5);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

async function checkCommand({ command, printed }: Step): Promise<void> {
  if (command in notRun) return;
  const shortened = Object.keys(leftOut).reduce((text, part) => text.replace(part, ""), command);
  if (/\bnpm start\b/.test(shortened)) return await serve(shortened, printed);
  const check = async () => {
    lastOutput = documentedIds(await run("sh", ["-c", realWords(shortened)]));
    learnId(printed, lastOutput);
    if (printed.length > 0) expectPrinted(printed, documentedIds(lastOutput));
  };
  // What only looks may look again, until the job is as far as the README shows it.
  await (shortened.includes(" -d ") || printed.length === 0 ? check() : waitFor(check));
}

/** Starts the server as the README says, but on a free port, and expects its first line. */
async function serve(command: string, printed: readonly string[]): Promise<void> {
  await stopServer();
  const subprocess = execa("sh", ["-c", command], {
    cwd: folder,
    env: { ...environment(), PORT: "0", QUANT_RUNS_DIR: undefined },
    extendEnv: false,
    detached: true,
    reject: false,
  });
  stopServer = async () => {
    process.kill(-Number(subprocess.pid), "SIGTERM");
    await subprocess;
  };
  const line = await new Promise<string>((resolve, reject) => {
    const lines = createInterface({ input: subprocess.stdout });
    lines.on("line", (text) => jsonOf(text) !== undefined && resolve(text));
    subprocess.then(({ stderr }) => reject(new Error(`the server ended: ${stderr}`)));
  });
  expectPrinted(printed, line);
  url = String((jsonOf(line) as { url: string }).url);
}

/** A module has been saved before; a program is run. */
async function checkProgram(
  block: Block,
  comment: "#" | "//",
  interpreter: string,
  name: string,
): Promise<void> {
  if (moduleName(block) !== undefined) return await access(join(folder, String(moduleName(block))));
  await writeFile(join(folder, name), realWords(block.lines.join("\n")));
  const printed = stepsOf(block, comment).at(-1)?.printed ?? [];
  expect(printed).not.toEqual([]);
  expectPrinted(printed, await run(interpreter, [name]));
}

/** What a page of the server's own would do. */
async function checkOnPage(block: Block): Promise<void> {
  if (chromiumPath === undefined) return; // test/http/docs.test.ts sees to it that CI has one
  const [{ command = "", printed = [] } = {}] = stepsOf(block, "//");
  const page = await browser().newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  await page.goto(`${url}/docs`);
  await page.evaluate(realWords(command));
  await waitFor(() => expectPrinted(printed, said.join("\n")));
  await page.close();
}

function checkDiagram({ lines }: Block): void {
  const drawn = lines.flatMap((line) => {
    const [, from, to] = /^ +(\S+) --> ([^\s:]+)/.exec(line) ?? [];
    return from === undefined ? [] : [`${from} --> ${to}`];
  });
  const follow = (status: Status) => (transitions[status].length > 0 ? transitions[status] : ["[*]"]);
  const allowed = statuses.flatMap((status) => follow(status).map((next) => `${status} --> ${next}`));
  expect(drawn.toSorted()).toEqual(["[*] --> pending", ...allowed].toSorted());
}

async function run(file: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execa(file, args, { cwd: folder, env: environment(), extendEnv: false });
  return stdout;
}

/** The environment of a reader's shell: nothing of this test's own npm run, and no setting of the server's. */
function environment(): Record<string, string | undefined> {
  const others = /^(npm_.*|INIT_CWD|HOST|PORT|MDPS_ENTRYPOINT|PYTHONPATH|QUANT_RUNS_.*)$/i;
  const kept = Object.entries(process.env).filter(([name]) => !others.test(name));
  // The demo stands in the real repository, whatever folder it is started in.
  return {
    ...Object.fromEntries(kept),
    PATH: `${process.env.PATH}:${join(fixtures, "readme", "bin")}`,
    QUANT_RUNS_DIR: join(folder, ".quant_runs"),
  };
}

function realWords(text: string): string {
  const addressed = text.replaceAll("http://127.0.0.1:8000", url);
  return [...realIds].reduce((words, [documented, real]) => words.replaceAll(documented, real), addressed);
}

function documentedIds(text: string): string {
  return [...realIds].reduce((words, [documented, real]) => words.replaceAll(real, documented), text);
}

/** The answer to a submission says which real job the README's one stands for. */
function learnId(printed: readonly string[], real: string): void {
  const [documented, answer] = [printed.join(""), real].map(
    (text) => jsonOf(text) as { job_id?: string } | undefined,
  );
  const isNew = documented?.job_id !== undefined && !realIds.has(documented.job_id);
  if (isNew && answer?.job_id !== undefined) realIds.set(String(documented.job_id), answer.job_id);
}
