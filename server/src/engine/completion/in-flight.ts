/** InFlight: what is being written is kept alive while typing agrees with it, so that a key costs no work. */

// Editors cancel a request with every key. Most keys are the very ones that the model is writing, and
// even where they are not, the prompt that is being read is the one that the next request needs.

import type { Clock } from '../base/ports.ts';

/** The text around the cursor. */
interface Around {
  readonly textBefore: string;
  readonly textAfter: string;
}

interface Running {
  readonly around: Around;
  readonly abort: AbortController;
  /** Resolves when it is over, however it ends. */
  readonly done: Promise<void>;
  /** As far as it is written. */
  text: string;
  /** What was typed since, by the last who joined; undefined when nobody did. */
  typed: string | undefined;
  /** Who joined so far. */
  nJoined: number;
}

/** A request that was cancelled is written on for so long, in case the next key agrees with it. */
const graceMs = 200;

/** One per engine; `scope` names a document and its limits. */
export class InFlight {
  private readonly running = new Map<string, Running>();

  constructor(private readonly clock: Clock) {}

  /**
   * Something to wait for, when what is being written may answer the request at `around`. It resolves
   * when that is over; then the answer is known, or it was another. Else what is written is ended.
   * `signal` says that the request waits no longer.
   */
  join(scope: string, around: Around, signal: AbortSignal): Promise<void> | undefined {
    const running = this.running.get(scope);
    if (!running) return undefined;
    const { textBefore, textAfter } = running.around;
    const isBehind = around.textAfter === textAfter && around.textBefore.startsWith(textBefore);
    const typed = around.textBefore.slice(textBefore.length).replaceAll('\r\n', '\n');
    if (!isBehind || !agree(running.text, typed)) {
      running.abort.abort(new Error('typing went another way'));
      return undefined;
    }
    running.typed = typed;
    running.nJoined++;
    this.endWhenLeft(running, signal);
    return running.done;
  }

  /**
   * Runs `write`, which tells what it has so far. Rejects with the signal's reason as soon as that is
   * aborted; what is written is ended only some time later, unless somebody joined.
   */
  async run<T>(
    scope: string,
    around: Around,
    signal: AbortSignal,
    write: (signal: AbortSignal, onText: (text: string) => void) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    const abort = new AbortController();
    const result = write(abort.signal, (text) => {
      running.text = text;
      const isOff = running.typed !== undefined && !agree(text, running.typed);
      if (isOff) abort.abort(new Error('typing went another way'));
    });
    const ignore = () => {};
    const running: Running = {
      around,
      abort,
      done: result.then(ignore, ignore),
      text: '',
      typed: undefined,
      nJoined: 0,
    };
    this.running.set(scope, running);
    this.endWhenLeft(running, signal);
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      result.then(resolve, reject).finally(() => {
        signal.removeEventListener('abort', onAbort);
        if (this.running.get(scope) === running) this.running.delete(scope);
      });
    });
  }

  /** Ends it some time after the request of `signal` was cancelled, unless another joined after that one. */
  private endWhenLeft(running: Running, signal: AbortSignal): void {
    const { nJoined } = running;
    const leave = async () => {
      await this.clock.sleep(graceMs);
      if (running.nJoined === nJoined) running.abort.abort(signal.reason);
    };
    signal.addEventListener('abort', () => void leave(), { once: true });
  }

  /** Ends everything. */
  dispose(): void {
    for (const { abort } of this.running.values()) abort.abort(new Error('the engine was disposed'));
  }
}

const agree = (written: string, typed: string) => written.startsWith(typed) || typed.startsWith(written);
