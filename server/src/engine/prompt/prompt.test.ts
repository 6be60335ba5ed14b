/** Prompts: windows fit, stay where they are while one types, and join in the model's own order. */

import { describe, expect, test } from 'vitest';
import { seededRandom } from '../testing/tiny-model.ts';
import { type FimFormat, joinFim, nFimOverhead } from './fim.ts';
import { prefixWindow, suffixWindow } from './window.ts';

/** One token per character, so that windows can be read as text. */
const encode = (text: string) => Int32Array.from(text, (char) => char.charCodeAt(0));
const textOf = (tokens: Int32Array) => String.fromCharCode(...tokens);
const random = seededRandom(4);
const someLines = (n: number) =>
  Array.from(
    { length: n },
    (_, i) => `${' '.repeat(i % 5)}let v${Math.floor(random() * 1e6)} = ${i};\n`,
  ).join('');

describe('prefix window', () => {
  test('is the end of the text, starts at a line, and fits', () => {
    const text = someLines(200);
    for (const budget of [50, 200, 1000, 100_000]) {
      const window = textOf(prefixWindow(text, budget, encode));
      expect(window.length).toBeLessThanOrEqual(budget);
      expect(text.endsWith(window)).toBe(true);
      if (budget >= 200) expect(text.at(-window.length - 1) ?? '\n').toBe('\n');
    }
    expect(textOf(prefixWindow(text, 100_000, encode))).toBe(text);
  });

  test('keeps its start while lines are typed, and moves seldom', () => {
    let text = someLines(150);
    const starts = new Set<string>();
    for (let i = 0; i < 60; i++) {
      text += `typed(${i});\n`;
      starts.add(textOf(prefixWindow(text, 1500, encode)).slice(0, 30));
    }
    expect(starts.size).toBeLessThan(20);
    expect(starts.size).toBeGreaterThan(1); // it does move when it is full
  });

  test('keeps its start when a line far above it changes', () => {
    const text = someLines(300);
    const start = (whole: string) => textOf(prefixWindow(whole, 1500, encode)).slice(0, 30);
    expect(start(`// a new first line\n${text}`)).toBe(start(text));
  });

  test('cuts inside one long line, and gives nothing for no budget', () => {
    const line = 'x'.repeat(5000);
    expect(textOf(prefixWindow(line, 100, encode))).toBe('x'.repeat(100));
    expect(prefixWindow(line, 0, encode)).toHaveLength(0);
    expect(prefixWindow('', 100, encode)).toHaveLength(0);
  });
});

describe('suffix window', () => {
  test('is the start of the text in whole lines, and fits', () => {
    const text = someLines(200);
    for (const budget of [30, 200, 1000]) {
      const window = textOf(suffixWindow(text, budget, encode));
      expect(window.length).toBeLessThanOrEqual(budget);
      expect(text.startsWith(window)).toBe(true);
      if (budget >= 200) expect(text[window.length]).toBe('\n');
    }
  });

  test('cuts inside one long line, and gives nothing for no budget', () => {
    expect(suffixWindow('x'.repeat(5000), 100, encode)).toHaveLength(100);
    expect(suffixWindow('abc', 0, encode)).toHaveLength(0);
  });
});

describe('FIM prompt', () => {
  const format: FimFormat = {
    order: 'spm',
    prefix: 91,
    suffix: 92,
    middle: 93,
    file: 94,
    ends: new Set([95]),
  };
  const parts = { path: Int32Array.of(1), prefix: Int32Array.of(2, 3), suffix: Int32Array.of(4) };

  test('suffix first: typing only appends', () => {
    expect([...joinFim(format, parts)]).toEqual([94, 1, 91, 92, 4, 93, 2, 3]);
  });
  test('prefix first', () => {
    expect([...joinFim({ ...format, order: 'psm' }, parts)]).toEqual([94, 1, 91, 2, 3, 92, 4, 93]);
  });
  test('no header without a path or a token for it', () => {
    expect([...joinFim({ ...format, file: undefined }, parts)]).toEqual([91, 92, 4, 93, 2, 3]);
    expect([...joinFim(format, { ...parts, path: new Int32Array(0) })]).toEqual([91, 92, 4, 93, 2, 3]);
  });
  test('adds no more tokens than it says', () => {
    expect(joinFim(format, parts)).toHaveLength(1 + 2 + 1 + nFimOverhead);
  });
});
