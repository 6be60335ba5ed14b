/** What the settings of a completion do, by the whole engine with a scripted model: one token is one character. */

import { expect, test } from 'vitest';
import { createEngine } from '../engine.ts';
import { arenaBytes } from '../model/arena.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { scriptedSetting } from '../testing/scripted-setting.ts';
import type { CompletionSettings } from './request.ts';

const { tokenizer, metadata, end, middle } = scriptedSetting(600);
const defaults = {
  maxLines: 8,
  maxTokens: 64,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 100,
  editReuse: true,
} as const;
const filler = Array.from({ length: 20 }, (_, i) => `let v${i} = ${i};\n`).join('');

/** An engine that writes `written` wherever it is asked. */
function newEngine(written: string, cacheMemoryMb = 10) {
  const model = new ScriptedModel((context) => {
    const done = context.slice(context.lastIndexOf(middle) + 1).length;
    const nBefore = before.length;
    return done - nBefore < written.length ? written.charCodeAt(done - nBefore) : end;
  }, tokenizer.nVocab);
  let before = '';
  const engine = createEngine(
    { name: 'scripted', metadata, tokenizer, forward: model, cacheMemoryMb },
    { clock: new FakeClock(), tracer: () => {} },
  );
  let version = 0;
  const ask = (text: string, settings: Partial<CompletionSettings> = {}, uri = 'file:///a.ts') => {
    before = text;
    engine.edit({ kind: 'open', uri, languageId: 'typescript', version: ++version, text });
    const request = { uri, version, offset: text.length, trigger: 'invoked' as const, explain: true };
    return engine.complete({ ...request, settings: { ...defaults, ...settings } }, AbortSignal.any([]));
  };
  return { ask, model };
}

test('stet.completion.maxLines: a suggestion has so many lines at most', async () => {
  const { ask } = newEngine('one();\n  two();\n  three();\n}');
  const linesOf = async (maxLines: number) =>
    (await ask('function all() {\n  ', { maxLines })).suggestion?.text.split('\n').length;
  expect(await linesOf(1)).toBe(1);
  expect(await linesOf(2)).toBe(2);
  expect(await linesOf(50)).toBe(4);
});

test('stet.completion.maxTokens: the model writes so many tokens at most', async () => {
  const { ask } = newEngine('callSomething(withAnArgument);');
  const nTokensOf = async (maxTokens: number) => (await ask('x = ', { maxTokens })).cost.nTokens;
  expect(await nTokensOf(5)).toBe(5);
  expect(await nTokensOf(20)).toBe(20);
});

test('stet.completion.contextTokens: so much is read at most; 0 leaves it to the model', async () => {
  const nReadWith = async (contextTokens: number) =>
    (await newEngine('1;').ask(`${filler}x = `, { contextTokens })).cost.nNew;
  const all = await nReadWith(0);
  expect(all).toBeGreaterThan(filler.length);
  expect(await nReadWith(150)).toBeLessThanOrEqual(150);
  expect(await nReadWith(32_768)).toBe(all);
});

test('stet.completion.editReuse: rows behind an edit are kept, or all of them computed anew', async () => {
  const costWith = async (editReuse: boolean) => {
    const { ask } = newEngine('1;');
    await ask(`${filler}x = `, { editReuse });
    return (await ask(`letter${filler.slice(3)}x = `, { editReuse })).cost;
  };
  expect((await costWith(true)).nShifted).toBeGreaterThan(150);
  expect(await costWith(false)).toMatchObject({ nShifted: 0, rows: 'exact' });
});

test('stet.maxFileSizeKb: a larger file gets nothing', async () => {
  const { ask } = newEngine('1;');
  const text = 'x\n'.repeat(1000);
  expect((await ask(text, { maxFileSizeKb: 1 })).outcome).toBe('too-large');
  expect((await ask(text, { maxFileSizeKb: 2 })).outcome).toBe('generated');
});

test('stet.model.cacheMemoryMb: the file used longest ago is read again when it is full; one is always kept', async () => {
  const nKeptOfFirst = async (nSequences: number) => {
    const bytes = arenaBytes(newEngine('').model.config, 600) * nSequences;
    const { ask } = newEngine('1;', bytes / 1e6);
    await ask(`${filler}x = `, {}, 'file:///first.ts');
    await ask('def total(self):\n'.repeat(20), {}, 'file:///second.py'); // nothing that the first could borrow
    const { cost } = await ask(`${filler}x = 0 + `, {}, 'file:///first.ts');
    const again = await ask(`${filler}x = 0 + 1 + `, {}, 'file:///first.ts');
    expect(again.cost.nKept).toBeGreaterThan(filler.length);
    return cost.nKept;
  };
  expect(await nKeptOfFirst(0.1)).toBeLessThan(20);
  expect(await nKeptOfFirst(2)).toBeGreaterThan(filler.length);
});
