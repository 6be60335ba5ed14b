/** Reply: puts together the answer to one request, with what it cost and where the time went. */

import type { Clock, CompletionCost } from '../base/ports.ts';
import { Stages } from '../base/stages.ts';
import {
  type CompletionOutcome,
  type CompletionResult,
  type Explanation,
  newCost,
  type Suggestion,
} from './request.ts';

/** One per request, from when it comes in. */
export class Reply {
  readonly startMs: number;
  readonly stages: Stages;
  cost: Omit<CompletionCost, 'ms'> = newCost();
  explanation: Explanation | undefined;

  constructor(private readonly clock: Clock) {
    this.startMs = clock.nowMs();
    this.stages = new Stages(clock);
    this.stages.enter('context');
  }

  /** The answer; `suggestions` in order of likelihood. */
  with(outcome: CompletionOutcome, suggestions: readonly Suggestion[] = []): CompletionResult {
    const [suggestion, ...alternatives] = suggestions;
    const { cost, explanation, stages, startMs } = this;
    return {
      outcome,
      ...(suggestion && { suggestion }),
      ...(alternatives.length > 0 && { alternatives }),
      ...(explanation && { explanation }),
      cost: { ...cost, ms: this.clock.nowMs() - startMs, stages: stages.finish() },
    };
  }
}
