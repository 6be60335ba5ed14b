/** BackOff: asks for more certainty after suggestions that nobody wanted, and for less again after wanted ones. */

// Copilot lengthens its delay after rejections (peers.md section 6); a local model costs nothing to
// ask, so what grows here is how sure it must be to speak. In log odds, so that no number of
// dismissals silences what is certain.

import type { Clock } from '../base/ports.ts';
import type { DocumentSnapshot } from '../text/snapshot.ts';
import type { Suggestion } from './request.ts';

/** Log odds that one dismissal adds to what is asked for. */
const perDismissal = 0.15;

/** Log odds that one accepted suggestion takes off: accepts are rarer and say more. */
const perAccept = 0.45;

/** The most that dismissals add up to: odds of 1 become odds of 4.5. */
const maxStrictness = 1.5;

/** Half of it is forgotten after this time: a person who comes back works on something else. */
const halfLifeMs = 5 * 60_000;

/** A suggestion that was on screen for less was not read, so typing on is no answer to it. */
const minReadMs = 500;

interface OnScreen {
  readonly id: number;
  readonly snapshot: DocumentSnapshot;
  readonly start: number;
  readonly text: string;
  readonly sinceMs: number;
}

/** One per engine: a person is annoyed in all files. */
export class BackOff {
  private strictness = 0;
  private sinceMs: number;
  private onScreen: OnScreen | undefined;

  constructor(private readonly clock: Clock) {
    this.sinceMs = clock.nowMs();
  }

  /** What `threshold`, a probability, becomes for now. */
  adjusted(threshold: number): number {
    this.forget();
    if (threshold <= 0 || threshold >= 1) return threshold;
    const odds = (threshold / (1 - threshold)) * Math.exp(this.strictness);
    return odds / (1 + odds);
  }

  /** A suggestion came on screen. */
  shown({ id, start, text }: Suggestion, snapshot: DocumentSnapshot): void {
    this.onScreen = { id, snapshot, start, text, sinceMs: this.clock.nowMs() };
  }

  /** Another request came, and the suggestion on screen fits it (`isReused`) or is gone. */
  asked(snapshot: DocumentSnapshot, isReused: boolean): void {
    const last = this.onScreen;
    if (!last || isReused || snapshot === last.snapshot) return; // asking once more is no answer
    this.onScreen = undefined;
    if (snapshot.uri !== last.snapshot.uri) return; // nor is going elsewhere
    if (snapshot.text.startsWith(last.text, last.start)) this.accepted();
    else if (this.clock.nowMs() - last.sinceMs >= minReadMs) this.dismissed();
  }

  /** The suggestion of this id, or another one offered with it, was taken. */
  taken(id: number): void {
    if (!this.onScreen || id < this.onScreen.id) return; // `asked` saw its text already
    this.onScreen = undefined;
    this.accepted();
  }

  /** A suggestion was read and not taken. */
  dismissed(): void {
    this.forget();
    this.strictness = Math.min(maxStrictness, this.strictness + perDismissal);
  }

  accepted(): void {
    this.forget();
    this.strictness = Math.max(0, this.strictness - perAccept);
  }

  private forget(): void {
    const nowMs = this.clock.nowMs();
    this.strictness *= 0.5 ** ((nowMs - this.sinceMs) / halfLifeMs);
    this.sinceMs = nowMs;
  }
}
