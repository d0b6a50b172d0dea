// What an interrupted run must undo before it exits: the one piece of state that a signal handler can reach.
const pending = new Set<() => void>();

/** Registers what an interruption must undo. Returns the function that takes it back once the work is done. */
export function undoWhenInterrupted(undo: () => void): () => void {
  pending.add(undo);
  return () => pending.delete(undo);
}

/** Undoes everything that is registered, the latest first; called when a signal ends the program. Never throws: the exit code is the signal's. */
export function undoAll(): void {
  for (const undo of [...pending].reverse()) {
    try {
      undo();
    } catch {
      // the next run repairs what could not be undone
    }
  }
  pending.clear();
}
