/** Property: greedy decoding under the monitor equals brute force over the embedded model's whole vocabulary. */

import fs from 'node:fs';
import { expect, test } from 'vitest';
import { BracketScanner } from '../../syntax/brackets.ts';
import { languageOf } from '../../syntax/languages.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { Tokenizer } from '../../tokens/tokenizer.ts';
import { greedy } from '../sampler.ts';
import { pickWith } from './constraint.ts';
import { Monitor } from './monitor.ts';
import type { SymbolQuery } from './symbol-oracle.ts';
import { TokenShapes } from './token-shapes.ts';

const tokenizer = Tokenizer.parse(JSON.parse(fs.readFileSync('model/tokenizer.json', 'utf8')));
const shapes = new TokenShapes(tokenizer);
const signal = new AbortController().signal;
const { nVocab } = tokenizer;
const texts = Array.from({ length: nVocab }, (_, id) => new TextDecoder().decode(tokenizer.bytesOf(id)));
const words = texts.map((text) => text.trim()).filter((text) => /^[A-Za-z_$][\w$]*$/.test(text));

/** Deterministic, so that a failure can be seen again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** Tokens whose text the simple rule below can judge: no strings, comments, numbers or brackets before dots. */
const plain = texts.map((text) => /^(?:[A-Za-z_$][\w$]*|[.;=+ \n]|[(),])*$/.test(text) && text !== '');

/** By looking at all that was written: what stands before the first name behind a dot that is not one of `names`. */
function illegalAt(text: string, names: readonly string[]): string | undefined {
  for (const { index } of text.matchAll(/(?<=[\w$)]\s*)\./g)) {
    const head = text.slice(0, index + 1);
    const rest = text.slice(index + 1);
    const name = /^[\w$]*/.exec(rest)?.[0] ?? '';
    const isGoingOn = name === rest;
    const isLegal =
      name === '' ? isGoingOn : isGoingOn ? names.some((one) => one.startsWith(name)) : names.includes(name);
    if (!isLegal) return head;
  }
  return undefined;
}

test('the token picked is the best of all legal ones, at every step of random texts', async () => {
  const random = randomFrom(3);
  const pickFrom = (list: readonly string[]) => list[Math.floor(random() * list.length)] as string;
  let nRefused = 0;
  let nJudged = 0;
  for (let round = 0; round < 24; round++) {
    const nNames = 1 + Math.floor(random() ** 3 * 300);
    const names = [
      ...new Set(
        Array.from({ length: nNames }, () => pickFrom(words) + (random() < 0.5 ? pickFrom(words) : '')),
      ),
    ];
    const before =
      round % 3 === 0 ? 'x = list' : `x = list.${pickFrom(names).slice(0, round % 3 === 1 ? 0 : 2)}`;
    const scanner = new BracketScanner(languageOf('typescript')).run(before);
    const asked = new Set<string>();
    const symbols = async ({ text, offset }: SymbolQuery) => {
      asked.add(text.slice(0, offset));
      return { names, isClosed: true };
    };
    const oracle = { symbols };
    const place = {
      uri: 'file:///a.ts',
      languageId: 'typescript',
      textBefore: before,
      textAfter: '',
      scanner,
    };
    const monitor = new Monitor(
      { oracle, shapes, clock: new FakeClock() },
      { ...place, kinds: new Set(['member']) },
    );
    let written = before;
    let isPlainSoFar = true;
    for (let step = 0; step < 6; step++) {
      const logits = Float32Array.from({ length: nVocab }, () => random() * 10);
      const bias = (token: number) => monitor.bias(token);
      const token = await pickWith(monitor, () => greedy(logits, bias), signal);
      let best = -1;
      for (let id = 0; id < nVocab; id++) {
        const cost = bias(id);
        if (cost < 0) nRefused++;
        else if (best < 0 || (logits[id] as number) > (logits[best] as number)) best = id;
        if (!plain[id] || !isPlainSoFar) continue;
        const head = illegalAt(written + texts[id], names);
        // What nobody asked about yet is not forbidden: it would be asked about before it is picked.
        const isForbidden = head !== undefined && asked.has(head);
        if (isForbidden) nJudged++;
        if (cost < 0 !== isForbidden) expect(`${written}⟨${texts[id]}⟩ ${cost}`).toBe(String(isForbidden));
      }
      expect(token).toBe(best);
      monitor.accept(token);
      written += texts[token];
      isPlainSoFar &&= plain[token] === true;
      if (isPlainSoFar) expect(illegalAt(written, names)).toBeUndefined();
    }
  }
  expect(nRefused).toBeGreaterThan(50_000);
  expect(nJudged).toBeGreaterThan(5_000);
});
