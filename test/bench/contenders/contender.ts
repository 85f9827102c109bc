/** Somebody who runs jobs, started and warmed up. */
export interface Contender extends AsyncDisposable {
  /** Runs so many no-op jobs, two at a time. @returns seconds from the first submission to the last visible end */
  run(count: number): Promise<number>;
}

/** One line of the comparison. */
export interface Contestant {
  readonly name: string;
  /** Who it is in the picture: one of ours, a peer, or a limit that no server reaches. */
  readonly kind: "ours" | "peer" | "limit";
  /** Whether each job has a process of its own, so that the crash of one costs no other. */
  readonly isolates: boolean;
  start(): Promise<Contender>;
}
