/** SharedForward: one loaded model that several engines run on, each as if it were its own. */

// Windows of one user share the weights, and nothing else: every engine has its own queue, documents
// and arenas. They take turns pass by pass, so a key in one window waits for one pass of another at
// most, and what is done in idle time waits while anybody else types.

import { EngineError } from '../base/error.ts';
import { Lane } from '../base/lane.ts';
import type { Clock } from '../base/ports.ts';
import type { Forward, ForwardRequest, Turns } from './backend.ts';
import type { ModelConfig } from './contract.ts';

export class SharedForward {
  private readonly passes = new Lane();
  private readonly leases = new Set<Lease>();

  constructor(private readonly forward: Forward) {}

  /** The model for one more engine, which may dispose it without harm to the others. */
  lease(): Forward {
    const lease: Lease = new Lease(this.forward, this.passes, {
      isAnyTyping: () => [...this.leases].some((other) => other !== lease && other.nTyping > 0),
      onTypingChange: () => {
        for (const one of this.leases) one.reconsider();
      },
      onDispose: () => this.leases.delete(lease),
    });
    this.leases.add(lease);
    return lease;
  }
}

/** What a lease knows of the others. */
interface Others {
  readonly isAnyTyping: () => boolean;
  readonly onTypingChange: () => void;
  readonly onDispose: () => void;
}

class Lease implements Forward, Turns {
  readonly turns: Turns = this;
  nTyping = 0;
  private readonly waiting = new Set<() => void>();
  private isDisposed = false;
  /** The model's own buffer is the next engine's by the time this one reads it. */
  private logits = new Float32Array(0);

  constructor(
    private readonly forward: Forward,
    private readonly passes: Lane,
    private readonly others: Others,
  ) {}

  get config(): ModelConfig {
    return this.forward.config;
  }

  run(request: ForwardRequest): Promise<Float32Array> {
    return this.passes.run(this.nTyping > 0 ? 'typing' : 'background', async () => {
      if (this.isDisposed) throw new EngineError('backend-failed', 'The model was closed.', false);
      const logits = await this.forward.run(request);
      if (this.logits.length < logits.length) this.logits = new Float32Array(logits.length);
      this.logits.set(logits);
      return this.logits.subarray(0, logits.length);
    });
  }

  async measureMachine(clock: Clock, budgetMs: number, signal: AbortSignal) {
    return this.forward.measureMachine?.(clock, budgetMs, signal);
  }

  async dispose(): Promise<void> {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.nTyping = 0;
    this.others.onDispose();
    this.others.onTypingChange();
  }

  beginTyping(): () => void {
    this.nTyping++;
    this.others.onTypingChange();
    let isOver = false;
    return () => {
      if (isOver || this.isDisposed) return;
      isOver = true;
      this.nTyping--;
      this.others.onTypingChange();
    };
  }

  whenQuiet(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.mayGoOn()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = () => {
        this.waiting.delete(end);
        signal.removeEventListener('abort', end);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.waiting.add(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Lets go on what waited, where it need not wait any more. */
  reconsider(): void {
    if (this.mayGoOn()) for (const end of [...this.waiting]) end();
  }

  /** Own typing that waits behind own idle work is helped by ending that soon. */
  private mayGoOn(): boolean {
    return this.isDisposed || this.nTyping > 0 || !this.others.isAnyTyping();
  }
}
