import { join, relative } from "node:path";
import { procText } from "../processes/proc.ts";

/** A control group of version 2 (cgroups(7)). */
export interface ControlGroup {
  /** As the kernel names it here, `/` being the root of this process's cgroup namespace. */
  readonly name: string;
  /** Where its files are. */
  readonly folder: string;
}

/** The group this process is in; undefined where there is none of version 2, or its files are not mounted. */
export async function ownGroup(proc = "/proc/self"): Promise<ControlGroup | undefined> {
  const name = /^0::(\/.*)$/m.exec(await procText(join(proc, "cgroup")))?.[1];
  if (name === undefined) return undefined;
  const mounts = mountsIn(await procText(join(proc, "mountinfo")));
  const mount = mounts.find(({ root }) => isAtOrBelow(name, root));
  return mount && { name, folder: join(mount.point, relative(mount.root, name)) };
}

function isAtOrBelow(name: string, root: string): boolean {
  return root === "/" || name === root || name.startsWith(`${root}/`);
}

/** The mounts of cgroup2 in a mountinfo (proc_pid_mountinfo(5)): which group stands where. */
function mountsIn(mountinfo: string): { root: string; point: string }[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [mount = "", source = ""] = line.split(" - ");
    const [, , , root, point] = mount.split(" ").map(unescaped);
    const isOurs = source.startsWith("cgroup2 ") && root !== undefined && point !== undefined;
    return isOurs ? [{ root, point }] : [];
  });
}

/** Spaces and their like stand as `\040`. */
function unescaped(field: string): string {
  return field.replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}
