import type { FileFacts } from "./file-facts.ts";

/**
 * What the records of an ended job were when they were read, in 64 bits. Two runs of the same proof are the same to the
 * server, so that what it has read of the one need not be read again.
 */
export type Proof = readonly [number, number];

const numbers = new Float64Array(4);
const words = new Uint32Array(numbers.buffer);

/** The proof of records with these facts, in their order; undefined stands for one that is not there. */
export function proofOf(records: readonly (FileFacts | undefined)[]): Proof {
  let [one, other] = [0x9e3779b9, 0x85ebca6b];
  for (const facts of records) {
    numbers[0] = facts?.dev ?? 0;
    numbers[1] = facts?.ino ?? 0;
    numbers[2] = facts?.ctimeMs ?? 0;
    numbers[3] = facts?.size ?? -1;
    for (const word of words) {
      one = mixed(one ^ word);
      other = mixed((other + word) ^ one);
    }
  }
  return [one >>> 0, other >>> 0];
}

/** Spreads every bit over all others (the finalizer of MurmurHash3). */
function mixed(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
}
