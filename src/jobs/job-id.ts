import { customAlphabet } from "nanoid";

const suffix = customAlphabet("0123456789abcdefghijklmnopqrstuvwxyz", 10);
const pattern = /^[0-9A-Za-z][0-9A-Za-z_-]{0,127}$/;

/** A new id, `20261123-152233-k3v9x2w8qa`: the UTC second of `created_at`, so that `ls` shows the order, and chance. */
export function newJobId(createdAt: string): string {
  const second = createdAt.slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return `${second}-${suffix()}`;
}

/** Whether a text may name a run directory: checked before any path is built from what a client or a folder says. */
export function isJobId(text: string): boolean {
  return pattern.test(text);
}
