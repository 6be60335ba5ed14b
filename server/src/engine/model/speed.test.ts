/** Tests of measuring and predicting passes: only time is faked, and on purpose it follows the law that is assumed. */

import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import type { Forward } from './backend.ts';
import { CausalLm } from './causal-lm.ts';
import { parseModelConfig } from './contract.ts';
import { footprintOf } from './footprint.ts';
import { editTokens, knownMachine, measurePasses, predictPasses, suggestionMs } from './speed.ts';
import { probeIn, timeProducts } from './speed-probe.ts';

const signal = new AbortController().signal;

/** A model of which a pass takes `msOf` its tokens. */
function timed(clock: FakeClock, msOf: (nTokens: number) => number): Forward & { nPasses: number } {
  const inner = new ScriptedModel(() => 1, 32);
  return {
    config: inner.config,
    nPasses: 0,
    async run(request) {
      this.nPasses++;
      clock.advance(msOf(request.tokens.length));
      return inner.run(request);
    },
    dispose: () => inner.dispose(),
  };
}

test('each pass is what its fastest run took', async () => {
  const clock = new FakeClock();
  const model = timed(clock, (nTokens) => (model.nPasses % 3 === 0 ? 1 : 2) * (3 + nTokens));
  const times = await measurePasses(new CausalLm(model, clock), clock, 1e6, signal);
  expect(times.stepMs).toBeGreaterThanOrEqual(4);
  expect(times).toMatchObject({ editMs: 2 * (3 + editTokens), sliceMs: 67 });
  expect(suggestionMs(times)).toBe(times.editMs + 11 * times.stepMs);
});

test('a slow machine is measured by one round after the warm-up, and no longer', async () => {
  const clock = new FakeClock();
  const model = timed(clock, () => 10_000);
  await measurePasses(new CausalLm(model, clock), clock, 2500, signal);
  expect(model.nPasses).toBe(6);
});

test('an abort ends it before the next pass, with the signal’s reason', async () => {
  const clock = new FakeClock();
  const aborting = new AbortController();
  const model = timed(clock, () => {
    aborting.abort('enough');
    return 1;
  });
  const measuring = measurePasses(new CausalLm(model, clock), clock, 1e6, aborting.signal);
  await expect(measuring).rejects.toBe('enough');
  expect(model.nPasses).toBe(1);
});

const shape = (nLayer: number, dModel: number) =>
  footprintOf(
    parseModelConfig({
      architectures: ['LlamaForCausalLM'],
      hidden_size: dModel,
      intermediate_size: 4 * dModel,
      num_hidden_layers: nLayer,
      num_attention_heads: dModel / 64,
      vocab_size: 16_384,
      tie_word_embeddings: true,
    }),
    'int8',
  );

test('where a machine follows the law, the prediction from a small model is what a large one takes', async () => {
  const [bytesPerMs, productsPerMs, layerMs] = [20e6, 200e6, 0.05];
  const clock = new FakeClock();
  const machine = await timeProducts(
    async (nRow) =>
      clock.advance((probeIn * 4096) / bytesPerMs + ((nRow - 1) * probeIn * 4096) / productsPerMs),
    clock,
    1e6,
    signal,
  );
  const passMs = (footprint: ReturnType<typeof shape>, nTokens: number) =>
    footprint.tokenBytes / bytesPerMs +
    footprint.nLayer * layerMs +
    ((nTokens - 1) * footprint.layerProducts) / productsPerMs;
  const timesOf = (footprint: ReturnType<typeof shape>) => ({
    stepMs: passMs(footprint, 1),
    editMs: passMs(footprint, editTokens),
    sliceMs: passMs(footprint, 64),
  });
  const small = shape(4, 256);
  const large = shape(24, 1024);
  const predicted = predictPasses(large, knownMachine(machine, small, timesOf(small)));
  const actual = timesOf(large);
  expect(predicted.stepMs).toBeCloseTo(actual.stepMs, 6);
  expect(predicted.editMs).toBeCloseTo(actual.editMs, 6);
  expect(predicted.sliceMs).toBeCloseTo(actual.sliceMs, 6);
});
