/** NameDrafter: the same text with and without it, under a real monitor with the embedded model's tokenizer. */

import fs from 'node:fs';
import { expect, test } from 'vitest';
import { KvArena } from '../../model/arena.ts';
import { CausalLm } from '../../model/causal-lm.ts';
import { Sequence } from '../../model/sequence.ts';
import { BracketScanner } from '../../syntax/brackets.ts';
import { languageOf } from '../../syntax/languages.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { ScriptedModel } from '../../testing/scripted-model.ts';
import { seededRandom } from '../../testing/tiny-model.ts';
import { Tokenizer } from '../../tokens/tokenizer.ts';
import { Monitor } from '../constraints/monitor.ts';
import { TokenShapes } from '../constraints/token-shapes.ts';
import { decode } from '../decode.ts';
import { DraftPolicy } from './draft-policy.ts';
import { Drafting } from './drafting.ts';
import { NameDrafter } from './names.ts';

const tokenizer = Tokenizer.parse(JSON.parse(fs.readFileSync('model/tokenizer.json', 'utf8')));
const shapes = new TokenShapes(tokenizer);
const live = new AbortController().signal;
const textOf = (tokens: readonly number[]) =>
  new TextDecoder().decode(Uint8Array.from(tokens.flatMap((token) => [...tokenizer.bytesOf(token)])));

function monitorAt(textBefore: string, names: readonly string[], isClosed: boolean) {
  const scanner = new BracketScanner(languageOf('typescript')).run(textBefore);
  const oracle = { symbols: async () => ({ names, isClosed }) };
  const place = { uri: 'file:///a.ts', languageId: 'typescript', textBefore, textAfter: '' };
  const kinds = new Set(['member'] as const);
  return new Monitor({ oracle, shapes, clock: new FakeClock() }, { ...place, scanner, kinds });
}

/** Writes behind `before` what a model would that likes `text`, as far as the monitor lets it. */
async function write(before: string, text: string, names: readonly string[], isDrafting: boolean) {
  const wanted = [...tokenizer.encode(text)];
  const start = 1;
  const model = new ScriptedModel((context) => wanted[context.length - start] ?? 0, tokenizer.nVocab);
  const lm = new CausalLm(model, new FakeClock());
  const sequence = new Sequence(new KvArena(model.config, 100));
  const { logits } = await lm.prefill(sequence, Int32Array.of(1), live);
  const constraint = monitorAt(before, names, true);
  const drafter = new NameDrafter(constraint, (rest) => tokenizer.encode(rest));
  const drafting = new Drafting(isDrafting ? [drafter] : [], new DraftPolicy());
  const tokens: number[] = [];
  const options = { logits: logits.slice(), maxTokens: 24, isEnd: (token: number) => token === 0 };
  for await (const token of decode(lm, sequence, { ...options, constraint, drafting, signal: live })) {
    tokens.push(token);
  }
  return { tokens, nPasses: model.nPasses, counts: drafting.counts };
}

test('whatever the model likes and whichever names are legal, the text is the same with guesses and without', async () => {
  const random = seededRandom(11);
  const parts = ['get', 'set', 'Configuration', 'Entry', 'By', 'Identifier', 'Map', 'Handler', 'remove'];
  const pick = () => parts[Math.floor(random() * parts.length)] as string;
  const newName = () => Array.from({ length: 1 + Math.floor(random() * 4) }, pick).join('');
  let nRight = 0;
  let nGuessed = 0;
  for (let round = 0; round < 60; round++) {
    const names = Array.from({ length: 1 + Math.floor(random() * 5) }, newName);
    const liked = () => (random() < 0.7 ? (names[Math.floor(random() * names.length)] as string) : newName());
    const text = `list.${liked()}(a.${liked()}, b.${liked()});`;
    const plain = await write('x = ', text, names, false);
    const drafted = await write('x = ', text, names, true);
    expect(textOf(drafted.tokens)).toBe(textOf(plain.tokens));
    expect(drafted.tokens).toEqual(plain.tokens);
    expect(drafted.nPasses).toBeLessThanOrEqual(plain.nPasses);
    nRight += drafted.counts.nRight;
    nGuessed += drafted.counts.nGuessed;
  }
  expect(nRight).toBeGreaterThan(50);
  expect(nGuessed).toBeGreaterThan(nRight); // some of them were wrong
});

test('a long name that is settled by its beginning costs one pass instead of one per token', async () => {
  const names = ['getConfigurationEntryByIdentifier', 'removeHandler'];
  const text = 'list.getConfigurationEntryByIdentifier;';
  const plain = await write('x = ', text, names, false);
  const drafted = await write('x = ', text, names, true);
  expect(textOf(drafted.tokens)).toContain('list.getConfigurationEntryByIdentifier');
  expect(drafted.nPasses).toBeLessThan(plain.nPasses);
});

test.each([
  ['one name is left', ['getAll', 'removeHandler'], true, 'Handler'],
  ['all names left begin alike', ['removeHandlerOf', 'removeHandlers', 'get'], true, 'Handler'],
  ['they part at once', ['removeAll', 'removeHandler'], true, undefined],
  ['the name may end here', ['remove', 'removeHandler'], true, undefined],
  ['the list is open', ['removeHandler'], false, undefined],
  ['nobody has learned the names', [], true, undefined],
])('%s: the rest is told or not', async (_, names, isClosed, rest) => {
  const monitor = monitorAt('list.', names, isClosed);
  for (const token of tokenizer.encode('remove')) {
    await monitor.prepare(token, live);
    monitor.accept(token);
  }
  expect(monitor.rest()).toBe(rest);
});
