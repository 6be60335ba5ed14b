/** ScriptedModel: a Forward whose answers a test writes, and which reads its past from the arena alone. */

// It is honest about the cache: the context it answers from is what the arena's rows say, so a row
// that was wrongly reused, or never written, changes its answer.

import { assert } from '../base/assert.ts';
import type { Forward, ForwardRequest } from '../model/backend.ts';
import type { ModelConfig } from '../model/contract.ts';
import type { TokenId } from '../tokens/token.ts';

/** The next token after `context`, the whole sequence as the arena holds it. */
export type Script = (context: readonly TokenId[]) => TokenId;

export class ScriptedModel implements Forward {
  readonly config: ModelConfig;
  /** Tokens run so far, over all passes. */
  nRun = 0;
  nPasses = 0;
  isDisposed = false;
  private isRunning = false;

  constructor(
    private readonly script: Script,
    nVocab: number,
    /** Real milliseconds per pass, for tests of cancellation. */
    private readonly passMs = 0,
  ) {
    this.config = {
      architecture: 'llama',
      nLayer: 1,
      dModel: 2,
      nHead: 1,
      nKvHead: 1,
      headDim: 1,
      dFfn: 2,
      nVocab,
      rmsNormEps: 1e-5,
      ropeTheta: 10000,
      ropeScaling: { kind: 'none' },
      maxPositions: 4096,
      tiedEmbeddings: true,
      qkvBias: false,
    };
  }

  async run({ arena, tokens, start, logitsOf }: ForwardRequest): Promise<Float32Array> {
    assert(!this.isRunning, 'passes must not overlap');
    assert(start + tokens.length <= arena.nRow, 'the arena is full');
    this.isRunning = true;
    if (this.passMs > 0) await new Promise<void>((resolve) => setTimer(resolve, this.passMs));
    this.isRunning = false;
    this.nPasses++;
    this.nRun += tokens.length;
    const rows = arena.values[0] as Float32Array; // [1, 1, nRow, 1]: row r holds token r
    rows.set(Array.from(tokens), start);
    const { nVocab } = this.config;
    const logits = new Float32Array(logitsOf.length * nVocab);
    logitsOf.forEach((index, i) => {
      logits[i * nVocab + this.script(Array.from(rows.subarray(0, start + index + 1)))] = 20;
    });
    return logits;
  }

  async dispose(): Promise<void> {
    this.isDisposed = true;
  }
}

/** `setTimeout`, which every host has but the engine's own code may not use. */
const setTimer = (globalThis as unknown as { setTimeout: (f: () => void, ms: number) => unknown }).setTimeout;
