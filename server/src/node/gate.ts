/** Gate: a value that many may wait for, and that may come, fail, or be taken back. */

/** Waiting never outlives its signal. A gate is opened or failed once; `renewed` gives the next one. */
export class Gate<T> {
  private settled = false;
  private current: T | undefined;
  private resolve!: (value: T) => void;
  private reject!: (error: unknown) => void;
  private readonly promise: Promise<T>;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => {}); // a gate that fails while nobody waits is no unhandled rejection
  }

  /** The value while the gate is open. */
  get value(): T | undefined {
    return this.current;
  }

  open(value: T): void {
    this.settled = true;
    this.current = value;
    this.resolve(value);
  }

  fail(error: Error): void {
    this.settled = true;
    this.reject(error);
  }

  /** This gate while it is undecided, so that who waits goes on waiting; a closed one after that. */
  renewed(): Gate<T> {
    return this.settled ? new Gate<T>() : this;
  }

  /** The value, or the error it failed with, or the signal's reason. */
  wait(signal: AbortSignal): Promise<T> {
    return abortable(this.promise, signal);
  }
}

/** `promise`, given up on when `signal` is aborted first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
