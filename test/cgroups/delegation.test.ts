import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { takeDelegation } from "../../src/cgroups/delegation.ts";
import { ownGroup } from "../../src/cgroups/own-group.ts";
import { temporaryFolder } from "../support/server.ts";

/** What stands in the files of a group; of a group that processes may be divided among, unless said otherwise. */
type Group = Readonly<Record<string, string>>;

const divisible: Group = {
  "cgroup.controllers": "cpu io memory pids\n",
  "cgroup.subtree_control": "",
  "cgroup.procs": "",
};

/** Files as the kernel would show them to a process in a group; returns the folder of its cgroup and mountinfo, and the mount. */
async function shown(name: string, groups: Record<string, Group>, mountinfo?: (mount: string) => string) {
  const folder = await temporaryFolder();
  const [proc, mount] = [join(folder, "proc"), join(folder, "a mount")];
  for (const [group, files] of Object.entries(groups)) {
    await mkdir(join(mount, group), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(mount, group, file), text);
  }
  await mkdir(proc);
  await writeFile(join(proc, "cgroup"), `4:memory:/old\n0::${name}\n`);
  await writeFile(join(proc, "mountinfo"), (mountinfo ?? mountedAt("/"))(mount));
  return { proc, mount };
}

const mountedAt = (root: string) => (mount: string) =>
  [
    "22 1 0:20 / /proc rw,relatime - proc proc rw",
    `35 1 0:30 ${root} ${mount.replaceAll(" ", "\\040")} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate`,
  ].join("\n");

test.each([
  ["where it is mounted", "/unit/quant-runs-server", "/", "unit/quant-runs-server"],
  ["as a container sees a part of it", "/box/unit", "/box", "unit"],
  ["at the root of that part", "/box", "/box", ""],
  ["nowhere where another part is mounted", "/boxes/unit", "/box", undefined],
])("a server finds its group %s", async (_where, name, root, path) => {
  const { proc, mount } = await shown(name, {}, mountedAt(root));
  const group = path === undefined ? undefined : { name, folder: join(mount, path) };
  expect(await ownGroup(proc)).toEqual(group);
});

test("a group of the name that says so makes the one around it the server's to divide", async () => {
  const groups = { unit: divisible, "unit/quant-runs-server": {} };
  const { proc, mount } = await shown("/unit/quant-runs-server", groups);
  const folder = join(mount, "unit");
  expect(await takeDelegation(proc)).toEqual({ folder, controllers: ["memory", "pids"] });
  // A plain file keeps what was written last at its beginning.
  expect(await readFile(join(folder, "cgroup.subtree_control"), "utf8")).toContain("+pids");
});

const own = [process.pid, process.ppid];

test("the server of a container puts itself and what it descends from into a group of that name", async () => {
  const procs = { "cgroup.procs": own.map((pid) => `${pid}\n`).join("") };
  const groups = {
    "": { ...divisible, ...procs, "cgroup.type": "domain\n" },
    "quant-runs-server": { "cgroup.procs": "" },
  };
  const { proc, mount } = await shown("/", groups);
  expect(await takeDelegation(proc)).toMatchObject({ folder: mount });
  const moved = await readFile(join(mount, "quant-runs-server", "cgroup.procs"), "utf8");
  expect(own.some((pid) => moved.startsWith(String(pid)))).toBe(true); // a plain file keeps the end of a longer pid
});

const inContainer = (pids: readonly number[]) => ({
  "": { ...divisible, "cgroup.type": "domain\n", "cgroup.procs": `${pids.join("\n")}\n` },
  "quant-runs-server": { "cgroup.procs": "" },
});

test.each<[string, string, Record<string, Group>, string]>([
  [
    "a login session",
    "/user.slice/session-3.scope",
    { "user.slice/session-3.scope": divisible },
    "/user.slice/session-3.scope is not",
  ],
  ["a unit without a group for the server", "/unit", { unit: divisible }, "/unit is not"],
  ["the root of the machine", "/", { "": divisible }, "/ is not"],
  [
    "a container with another program",
    "/",
    inContainer([...own, 999_999_999]),
    "shared with the process 999999999",
  ],
  [
    "a container with a program that cannot be seen",
    "/",
    inContainer([0]),
    "shared with the process of another container",
  ],
  [
    "a unit without the controllers",
    "/unit/quant-runs-server",
    { unit: { ...divisible, "cgroup.controllers": "cpu io\n" } },
    "the controllers memory and pids are not there",
  ],
  ["a unit that cannot be divided", "/unit/quant-runs-server", { unit: {} }, "cannot be divided: ENOENT"],
])("%s is left as it is", async (_what, name, groups, obstacle) => {
  const { proc, mount } = await shown(name, groups);
  expect(await takeDelegation(proc)).toEqual({ obstacle: expect.stringContaining(obstacle) });
  for (const [group, files] of Object.entries(groups)) {
    for (const [file, text] of Object.entries(files)) {
      expect(await readFile(join(mount, group, file), "utf8")).toBe(text);
    }
  }
});

test("a machine without cgroup v2 has nothing to divide", async () => {
  const { proc } = await shown("/unit", {}, () => "22 1 0:20 / /proc rw,relatime - proc proc rw");
  const obstacle = "there is no cgroup v2 here";
  expect(await takeDelegation(proc)).toEqual({ obstacle });
  expect(await takeDelegation(join(dirname(proc), "nowhere"))).toEqual({ obstacle });
});
