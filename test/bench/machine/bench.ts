import type { Peers } from "../peers/install.ts";

/** What every measurement is given. */
export interface Bench {
  /** The interpreter of every Python job, ours or not. */
  readonly python: string;
  readonly peers: Peers;
  /** A count for a full run, or a smaller one where only a short trial is wanted. */
  count(full: number, quick: number): number;
  /** Tells whoever waits how far it is. */
  say(line: string): void;
}
