import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { benchFolder } from "../machine/folders.ts";

/** What other job servers need, or why they take no part. */
export type Peers =
  | { readonly python: string; readonly redis: string; readonly versions: PeerVersions }
  | { readonly leftOut: string };

/** What somebody needs to know who repeats the comparison. */
export interface PeerVersions {
  readonly rq: string;
  readonly celery: string;
  readonly redis_server: string;
}

/** A virtual environment of the harness's own, which git ignores; kept, so that it is filled once. */
const folder = join(benchFolder, ".venv");
export const ownPython = join(folder, "bin", "python");

/** Installs packages into the harness's own environment, unless it has them all. @throws when pip cannot */
export async function install(base: string, packages: readonly string[]): Promise<void> {
  if (!existsSync(ownPython)) await execa(base, ["-m", "venv", folder]);
  if (await hasAll(packages)) return;
  await execa(ownPython, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
}

async function hasAll(packages: readonly string[]): Promise<boolean> {
  const asked = await execa(ownPython, ["-c", `import ${packages.join(", ")}`], { reject: false });
  return !asked.failed;
}

/** RQ and Celery from PyPI, and this machine's redis-server, which nobody installs. */
export async function installPeers(base: string): Promise<Peers> {
  const redis = await execa("redis-server", ["--version"], { reject: false });
  if (redis.failed) return { leftOut: "there is no redis-server on this machine" };
  try {
    await install(base, ["rq", "celery", "redis", "packaging"]); // the last is Celery's, which does not say so
  } catch (error) {
    return { leftOut: `pip cannot install them: ${lastLine(error)}` };
  }
  return { python: ownPython, redis: "redis-server", versions: await versionsOf(redis.stdout) };
}

/** @param redisVersion what redis-server says of itself: `Redis server v=7.0.15 sha=…` */
async function versionsOf(redisVersion: string): Promise<PeerVersions> {
  const question = "from importlib.metadata import version; print(version('rq'), version('celery'))";
  const [rq = "", celery = ""] = (await execa(ownPython, ["-c", question])).stdout.split(" ");
  return { rq, celery, redis_server: /v=(\S+)/.exec(redisVersion)?.[1] ?? "" };
}

function lastLine(error: unknown): string {
  return String(error).trim().split("\n").at(-1) ?? "";
}
