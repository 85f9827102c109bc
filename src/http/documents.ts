import { createHash } from "node:crypto";
import type { Status } from "../jobs/status.ts";
import { type FileFacts, factsNow, hasSettled, isSame } from "../runs/file-facts.ts";
import { isLocal } from "../runs/local-disk.ts";
import { fileNames } from "../runs/run-directory.ts";

/** A job's text as clients are shown it. */
export class JobText {
  readonly text: string;
  #etag: string | undefined;
  #bytes: number | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Its length in UTF-8. */
  get bytes(): number {
    this.#bytes ??= Buffer.byteLength(this.text);
    return this.#bytes;
  }

  /** Its validator, made when it is first asked for. */
  get etag(): string {
    this.#etag ??= etagOf(this.text);
    return this.#etag;
  }
}

/** Weak: of two jobs that differ in nothing but their use of resources, either will do (RFC 9110, section 8.8.1). */
export function etagOf(text: string): string {
  return `W/"${createHash("sha1").update(text).digest("base64url")}"`;
}

interface Kept {
  /** Whether it was asked for since it was put behind all others. */
  wasAsked: boolean;
  /** The turn in which the kernel was asked last. */
  turn: number;
  readonly shown: JobText;
  readonly status: Status;
  readonly facts: FileFacts;
}

/** How many characters of text are kept at most, and of how large a text. */
const mostText = 24 * 1024 * 1024;
const largestText = 64 * 1024;

/** What a text costs beside its characters, about. */
const overhead = 300;

/**
 * The texts of ended jobs that were asked for lately. The files stay the truth: before a text is shown once more, the
 * kernel is asked whether its file is what was read. On a disk that may keep the server waiting nothing is kept.
 */
export class Documents {
  readonly #runsDirectory: string;
  readonly #kept = new Map<string, Kept>();
  #size = 0;
  #turn = 0;
  #isTurnKnown = false;

  constructor(runsDirectory: string) {
    this.#runsDirectory = runsDirectory;
  }

  /** The text of a job with this status, if it is kept and its file is the same still. */
  get(jobId: string, status: Status): JobText | undefined {
    const kept = this.#kept.get(jobId);
    if (kept === undefined) return undefined;
    if (this.#isTurnKnown && kept.turn === this.#turn && kept.status === status) return kept.shown;
    const facts = factsNow(`${this.#runsDirectory}/${jobId}/${fileNames.status}`);
    if (kept.status !== status || facts === undefined || !isSame(facts, kept.facts)) {
      this.forget(jobId);
      if (!isLocal(this.#runsDirectory)) this.#forgetAll(); // another disk has its place, or none
      return undefined;
    }
    kept.turn = this.#turn;
    kept.wasAsked = true;
    return kept.shown;
  }

  /**
   * For lists, which ask for hundreds of texts: within this turn of the event loop the kernel is asked once for each.
   * What is answered in one turn was asked before it began, and so before whatever the client that asked does next.
   */
  askOnceInThisTurn(): void {
    if (this.#isTurnKnown) return;
    this.#isTurnKnown = true;
    this.#turn++;
    setImmediate(() => {
      this.#isTurnKnown = false;
    });
  }

  /** Keeps a text that was read, from a file with these facts, before this moment in milliseconds since 1970. */
  keep(jobId: string, status: Status, facts: FileFacts, shown: JobText, moment: number): void {
    const isSmall = shown.text.length <= largestText;
    if (isSmall && hasSettled(facts, moment) && isLocal(this.#runsDirectory)) {
      const { dev, ino, size, ctimeMs } = facts;
      this.#put(jobId, { wasAsked: false, turn: 0, shown, status, facts: { dev, ino, size, ctimeMs } });
    }
  }

  #put(jobId: string, kept: Kept): void {
    this.forget(jobId);
    this.#size += sizeOf(kept);
    this.#makeRoom();
    this.#kept.set(jobId, kept);
  }

  /**
   * Second chance: of those that came first, the ones that were asked for since go behind all others instead. To be asked
   * for moves nothing: a Map in the order of asking would be built anew all the time.
   */
  #makeRoom(): void {
    for (const [jobId, kept] of this.#kept) {
      if (this.#size <= mostText) return;
      this.#kept.delete(jobId);
      if (kept.wasAsked) this.#kept.set(jobId, kept);
      else this.#size -= sizeOf(kept);
      kept.wasAsked = false;
    }
  }

  #forgetAll(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  forget(jobId: string): void {
    const kept = this.#kept.get(jobId);
    if (kept === undefined) return;
    this.#kept.delete(jobId);
    this.#size -= sizeOf(kept);
  }
}

function sizeOf({ shown }: Kept): number {
  return shown.text.length + overhead;
}
