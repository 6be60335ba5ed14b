/** CheckPatience: which documents are not worth checking for a while, because nobody waited for the answer. */

// Checking a long Python file takes pyright a third of a second, and who asks waits for 60 ms. Asking
// again after every suggestion would only keep the server from saying which names there are: it has
// one thread, and a cancellation is read when the check is over. (Pyright 1.1.414 can look for a file
// instead, but then it checks in a second thread, which never answered here.)

const firstPause = 5;
const maxPause = 40;

export class CheckPatience {
  /** By document: checks to leave out, and how many were left out the last time. */
  private readonly pauses = new Map<string, { left: number; length: number }>();

  /** Whether to try at all; counts as one that was left out if not. */
  allows(uri: string): boolean {
    const pause = this.pauses.get(uri);
    if (!pause || pause.left <= 0) return true;
    pause.left--;
    return false;
  }

  /** Who asked did not wait for the answer. */
  gaveUp(uri: string): void {
    const length = Math.min(maxPause, 2 * (this.pauses.get(uri)?.length ?? firstPause / 2));
    this.pauses.set(uri, { left: length, length });
  }

  gotAnswer(uri: string): void {
    this.pauses.delete(uri);
  }
}
