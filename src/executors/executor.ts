import type { ShimClaim } from "../runs/claim.ts";

/** A run directory that is ready, and what its shim is to be started with. */
export interface Launch {
  readonly directory: string;
  readonly runtime: string;
  /** All of the shim's environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether memory is bounded, to which whatever its process has imported ahead would count. */
  readonly boundsMemory: boolean;
  /** Whether a shim has tried before, in vain: it may owe that to what it was forked from. */
  readonly isRetry: boolean;
  /** Called where the shim can tell at once that it has claimed the job; what it does not tell, its files do. */
  readonly onClaim: (claim: ShimClaim) => void;
}

/**
 * How a shim ended, as far as whoever started it can see; nothing at all where nobody saw it. Nothing about the job: that
 * is in the run directory.
 */
export interface ShimEnd {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** Code of the error that kept it from being started, or from its job's logs before all else, such as EAGAIN. */
  readonly spawnError: string | undefined;
}

/** The end of a shim that goes on, or has ended, unseen. */
export const unseenEnd: ShimEnd = { exitCode: undefined, signal: undefined, spawnError: undefined };

export interface Shim {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  readonly ended: Promise<ShimEnd>;
}

/** Where shims run: a new place is one file with this function. */
export type StartShim = (launch: Launch) => Promise<Shim>;

/** One way to start shims, which may keep something ready for the next ones while the server runs. */
export interface Executor {
  readonly start: StartShim;
  begin(): void;
  /** What was started goes on. */
  end(): void;
}
