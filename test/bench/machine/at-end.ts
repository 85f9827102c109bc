type Undo = () => Promise<void>;

/** What is still to be undone, latest first. */
const undoings = new Set<Undo>();

/** Has something undone at the end, whichever comes first: its own disposal, or that of everything on a signal. */
export function undoAtEnd(undo: Undo): AsyncDisposable {
  undoings.add(undo);
  return {
    [Symbol.asyncDispose]: async () => {
      if (undoings.delete(undo)) await undo();
    },
  };
}

/** Undoes all that is left; what cannot be undone keeps nothing else from it. */
export async function undoAll(): Promise<void> {
  for (const undo of [...undoings].reverse()) {
    undoings.delete(undo);
    await undo().catch((error: unknown) => process.stderr.write(`bench: cannot clean up: ${error}\n`));
  }
}
