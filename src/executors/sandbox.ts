import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { eventsFolder } from "../runs/run-directory.ts";
import { runEntrypoint } from "./spawn.ts";

/** What the sandboxes of one server have in common; folders are absolute, and links in them followed. */
export interface Sandbox {
  readonly runsDir: string;
  readonly workingDirectory: string;
  readonly python: string;
  /** As PYTHONPATH has it. */
  readonly pythonPath: string;
  readonly writable: readonly string[];
  /** Files that no job may read. */
  readonly secret: readonly string[];
  readonly hasNetwork: boolean;
}

/** Emptied: sockets live here of programs that would do outside what they are told, such as Docker and systemd. */
const emptied = ["/tmp", "/run"];

/** What root could set for the whole machine even without capabilities, the owner of these files as it is (proc(5)). */
const kernelSettings = ["sys", "sysrq-trigger", "irq", "bus", "acpi", "scsi", "mtrr"].map(
  (name) => `/proc/${name}`,
);

/** Parameters of bwrap(1) that run a command in a sandbox; mounts are made in this order. */
export function sandboxArguments(
  sandbox: Sandbox,
  command: readonly string[],
  runDirectory?: string,
  group?: string,
): string[] {
  return [
    ...["--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts"],
    ...(sandbox.hasNetwork ? [] : ["--unshare-net"]),
    ...["--cap-drop", "ALL"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"],
    ...each("--ro-bind-try", kernelSettings),
    ...emptied.filter((folder) => existsSync(folder)).flatMap((folder) => ["--tmpfs", folder]),
    ...each("--ro-bind", needed(sandbox)),
    ...each("--bind", sandbox.writable),
    ...(group === undefined ? [] : each("--bind", [join(group, "cgroup.procs")])), // to enter, not to change its limits
    ...runsDirectory(sandbox.runsDir, runDirectory),
    ...realPaths(sandbox.secret).flatMap((path) => ["--ro-bind", "/dev/null", path]),
    ...["--remount-ro", sandbox.runsDir, "--chdir", sandbox.workingDirectory],
    ...["--", ...command],
  ];
}

function each(option: string, paths: readonly string[]): string[] {
  return paths.flatMap((path) => [option, path, path]);
}

/** Of all run directories, the job's own alone is there. */
function runsDirectory(runsDir: string, runDirectory: string | undefined): string[] {
  const own = runDirectory === undefined ? [] : ["--bind", runDirectory, runDirectory];
  return ["--tmpfs", runsDir, ...each("--bind-try", [join(runsDir, eventsFolder)]), ...own];
}

/** What a job cannot do without and would not find in a folder that is emptied. */
function needed({ workingDirectory, python, pythonPath, hasNetwork }: Sandbox): string[] {
  const installation = dirname(dirname(runEntrypoint));
  const nameServers = hasNetwork ? realPaths(["/etc/resolv.conf"]) : [];
  const paths = [workingDirectory, installation, dirname(dirname(python)), ...nameServers];
  const missing = [...paths, ...pythonPath.split(delimiter).filter(isAbsolute)].filter(
    (path) => emptied.some((folder) => isBelow(path, folder)) && existsSync(path),
  );
  return missing.filter((path) => !missing.some((other) => isBelow(path, other)));
}

export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

/** Of those that exist: bwrap follows no link to a place where it mounts something. */
function realPaths(paths: readonly string[]): string[] {
  return paths.filter((path) => existsSync(path)).map((path) => realpathSync(path));
}
