/** Soak: thousands of edits, undos, cancellations and failures; never is a wrong row believed. */

import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import { CausalLm } from './causal-lm.ts';
import { SequencePool } from './pool.ts';

/** Depends on every token and its place, so that one wrong row changes the answer. */
const digest = (context: readonly number[]) =>
  context.reduce((hash, token) => (hash * 31 + token + 7) % 997, 1);
const argmax = (logits: Float32Array) =>
  logits.reduce((best, value, i) => (value > (logits[best] as number) ? i : best), 0);

const nEdit = 10_000;
const nRow = 260;

test(`${nEdit} edits with undo, redo, healing, cancelling and failing passes`, {
  timeout: 300_000,
}, async () => {
  const random = seededRandom(3);
  const below = (n: number) => Math.floor(random() * n);
  const someTokens = (n: number) => Array.from({ length: n }, () => below(900));
  const model = new ScriptedModel(digest, 997);
  const lm = new CausalLm(model, new FakeClock());
  const pool = new SequencePool(model.config, nRow, 2);
  const run = model.run.bind(model);

  let text = someTokens(150);
  const undo: number[][] = [];
  const redo: number[][] = [];
  const edits: (() => number[])[] = [
    () => text.toSpliced(below(text.length + 1), 0, ...someTokens(1 + below(40))), // insertion
    () => text.toSpliced(below(text.length), 1 + below(30)), // deletion
    () => text.toSpliced(0, below(3), ...someTokens(below(3))), // at the first token
    () => [...text.slice(0, -1), ...someTokens(2)], // at the last token
    () => text.map((token) => (token % 7 === 3 ? token + 1 : token)), // many places, as a CRLF change
    () => someTokens(1 + below(200)), // the whole file
    () => [], // an empty document
    () => [...text.slice(80), ...text.slice(0, 80)], // blocks change places
  ];
  const weights = [40, 30, 5, 10, 2, 1, 1, 3];
  const deck = edits.flatMap((edit, i) => Array(weights[i]).fill(edit)) as (() => number[])[];

  let [nMoved, nAborted, nFailed, nHealed] = [0, 0, 0, 0];
  for (let n = 0; n < nEdit; n++) {
    const other = random() < 0.2 ? undo.pop() : random() < 0.1 ? redo.pop() : undefined;
    (other ? redo : undo).push(text);
    text = (other ?? (deck[below(deck.length)] as () => number[])()).slice(0, nRow - 2);
    if (undo.length > 50) undo.shift();

    const prompt = Int32Array.from([950, ...text, 951]); // sentinels: a prompt is never empty
    const uri = `document ${n % 300 < 250 ? 0 : 1 + (n % 2)}`;
    const sequence = pool.of(uri);
    const abort = new AbortController();
    const fate = random();
    model.run = async (request) => {
      if (fate < 0.02) throw new Error('the runtime broke');
      const logits = await run(request);
      if (fate > 0.98) {
        request.arena.values[0]?.fill(Number.NaN);
        return logits.fill(Number.NaN);
      }
      if (fate < 0.1) abort.abort(new Error('typed on'));
      return logits;
    };
    try {
      const { alignment, logits } = await lm.prefill(
        sequence,
        prompt,
        abort.signal,
        undefined,
        pool.othersOf(uri),
      );
      nMoved += alignment.nShifted;
      expect(argmax(logits)).toBe(digest([...prompt]));
      expect([...sequence.tokens]).toEqual([...prompt]);
    } catch (error) {
      if ((error as Error).message === 'typed on') nAborted++;
      else if (/the runtime broke|no numbers/.test((error as Error).message)) nFailed++;
      else throw error;
    }
    model.run = run;
    if (random() < 0.1) while (await lm.heal(sequence, new AbortController().signal)) nHealed++;
  }
  expect(Math.min(nAborted, nFailed, nHealed)).toBeGreaterThan(50);
  expect(nMoved).toBeGreaterThan(100_000);
});
