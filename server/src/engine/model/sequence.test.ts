/** Sequence: reuse of a cache, as seen by a model that reads its past from the arena alone. */
import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { CausalLm } from './causal-lm.ts';
import { SequencePool } from './pool.ts';

/** Answers with a number that depends on every token before it. */
const digest = (context: readonly number[]) =>
  context.reduce((hash, token) => (hash * 31 + token + 7) % 97, 1);
const argmax = (logits: Float32Array) => logits.indexOf(Math.max(...logits));
const live = new AbortController().signal;

/** A small generator of repeatable random numbers in [0, n). */
function random(seed: number) {
  let state = seed;
  return (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * n);
  };
}

test('over random prompts, reuse answers what a fresh run answers', async () => {
  const model = new ScriptedModel(digest, 97);
  const lm = new CausalLm(model, new FakeClock());
  const pool = new SequencePool(model.config, 300, 2);
  const next = random(5);
  let nMoved = 0;
  let prompt = Array.from({ length: 200 }, () => next(90));
  for (let round = 0; round < 200; round++) {
    const at = next(prompt.length);
    prompt = [
      ...prompt.slice(0, at),
      ...Array.from({ length: next(9) }, () => next(90)),
      ...prompt.slice(at + next(9)),
    ];
    prompt = prompt.slice(0, 290).concat(1);
    const sequence = pool.of(`document ${next(3)}`); // three documents share two arenas
    const { alignment, logits } = await lm.prefill(sequence, Int32Array.from(prompt), live);
    const { nKept, nShifted, nNew } = alignment;
    expect(nKept + nShifted + nNew).toBe(prompt.length);
    nMoved += nShifted;
    expect(argmax(logits)).toBe(digest(prompt));
    expect([...sequence.tokens]).toEqual(prompt);
  }
  expect(nMoved).toBeGreaterThan(1000); // else the test has not tested moving
});

test('only what follows the first difference is run, and always at least one token', async () => {
  const model = new ScriptedModel(digest, 97);
  const lm = new CausalLm(model, new FakeClock());
  const sequence = new SequencePool(model.config, 300, 1).of('a');
  const prompt = Int32Array.from({ length: 200 }, (_, i) => i % 90);
  await lm.prefill(sequence, prompt, live);
  expect(model.nRun).toBe(200);
  expect((await lm.prefill(sequence, prompt, live)).alignment.nKept).toBe(199);
  expect((await lm.prefill(sequence, prompt.subarray(0, 50), live)).alignment.nKept).toBe(49);
});

test('healing computes stale rows anew, slice by slice, until all are exact', async () => {
  const model = new ScriptedModel(digest, 97);
  const lm = new CausalLm(model, new FakeClock());
  const sequence = new SequencePool(model.config, 300, 1).of('a');
  const prompt = Array.from({ length: 250 }, (_, i) => (i * i) % 89);
  await lm.prefill(sequence, Int32Array.from(prompt), live);
  expect(sequence.nExact).toBe(250);
  const edited = [...prompt.slice(0, 20), 90, 91, ...prompt.slice(20)];
  const { alignment } = await lm.prefill(sequence, Int32Array.from(edited), live);
  expect(alignment).toMatchObject({ nKept: 20, nShifted: 198, nNew: 34, nRepaired: 31 });
  expect(sequence.nExact).toBe(38); // the two new tokens and the repaired rows
  let nSlices = 0;
  while (await lm.heal(sequence, live)) nSlices++;
  expect(nSlices).toBe(Math.ceil((252 - 38) / 64));
  expect(sequence.nExact).toBe(252);
});

test('an abort stops before the next pass and leaves only true rows', async () => {
  const model = new ScriptedModel(digest, 97);
  const lm = new CausalLm(model, new FakeClock());
  const sequence = new SequencePool(model.config, 300, 1).of('a');
  const prompt = Int32Array.from({ length: 256 }, (_, i) => i % 90);
  const abort = new AbortController();
  const run = model.run.bind(model);
  model.run = async (request) => {
    const logits = await run(request);
    if (model.nPasses === 2) abort.abort(new Error('typed on'));
    return logits;
  };
  await expect(lm.prefill(sequence, prompt, abort.signal)).rejects.toThrow('typed on');
  expect(model.nPasses).toBe(2);
  const { alignment, logits } = await lm.prefill(sequence, prompt, live);
  expect(alignment).toMatchObject({ nKept: 128, nShifted: 0, nNew: 128 });
  expect(argmax(logits)).toBe(digest([...prompt]));
});
