import { access, constants, mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readStat } from "../processes/process-stat.ts";
import { errorCode, exists } from "../runs/record-file.ts";
import { setFile, wordsIn } from "./kernel-file.ts";
import { type ControlGroup, ownGroup } from "./own-group.ts";

/**
 * Name of the group that the server and its shims are in. Whoever starts the server in a group of this name says that
 * the group around it is the server's to divide, as the unit that we print does (DelegateSubgroup= in
 * systemd.resource-control(5)): jobs get groups beside it. No process may be in the group around them (cgroups(7)), which
 * is why systemd must put the server there: at a restart it could not put it elsewhere while jobs run.
 */
export const serversGroup = "quant-runs-server";

/** What bounds the memory and the processes of a whole job. */
const controllers = ["memory", "pids"];

/** The folder of the group in which jobs get groups of their own, or why there is none. */
export type Delegation =
  | { readonly folder: string; readonly controllers: readonly string[] }
  | { readonly obstacle: string };

/** Finds out whether this server was given a group to divide, and makes it ready. Whatever fails, the server can start. */
export async function takeDelegation(proc?: string): Promise<Delegation> {
  try {
    const own = await ownGroup(proc);
    if (own === undefined) return { obstacle: "there is no cgroup v2 here" };
    if (basename(own.name) === serversGroup) return await divide(dirname(own.folder));
    if (await isContainers(own)) return await takeContainers(own.folder);
    return { obstacle: `the control group ${own.name} is not this server's to divide` };
  } catch (error) {
    return { obstacle: `the control group cannot be divided: ${errorCode(error) ?? String(error)}` };
  }
}

/** The root of a container's own cgroup namespace; the machine's root has no type (cgroups(7)). */
async function isContainers({ name, folder }: ControlGroup): Promise<boolean> {
  return name === "/" && (await exists(join(folder, "cgroup.type")));
}

/** Nobody else is put out of the way: a container of several programs, or with a shell in it, is left as it is. */
async function takeContainers(folder: string): Promise<Delegation> {
  const inhabitants = await pidsIn(folder);
  const own = await ownLine();
  const stranger = inhabitants.find((pid) => !own.has(pid));
  if (stranger !== undefined) {
    return { obstacle: `the control group is shared with the process ${stranger || "of another container"}` };
  }
  const server = join(folder, serversGroup);
  await mkdir(server, { recursive: true });
  for (const pid of inhabitants) await setFile(join(server, "cgroup.procs"), String(pid));
  return divide(folder);
}

/** Enables for the groups in a group what bounds jobs. */
async function divide(folder: string): Promise<Delegation> {
  await access(folder, constants.W_OK);
  const offered = await wordsIn(join(folder, "cgroup.controllers"));
  const wanted = controllers.filter((name) => offered.includes(name));
  if (wanted.length === 0) return { obstacle: `the controllers ${controllers.join(" and ")} are not there` };
  for (const name of wanted) await setFile(join(folder, "cgroup.subtree_control"), `+${name}`);
  return { folder, controllers: wanted };
}

/** This process and those that it descends from. */
async function ownLine(): Promise<ReadonlySet<number>> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = (await readStat(pid))?.parent ?? 0) {
    line.add(pid);
  }
  return line;
}

/** Processes of a group; 0 is one that cannot be seen from this pid namespace. */
async function pidsIn(folder: string): Promise<number[]> {
  return (await wordsIn(join(folder, "cgroup.procs"))).map(Number);
}
