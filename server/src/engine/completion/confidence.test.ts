/** Confidence: what is shown of a text, cut where it grows unsure and at places where a cut reads well. */

import { describe, expect, test } from 'vitest';
import { type Calibration, curveAt, sureLength, surePoints } from './confidence.ts';
import { calibrationOf } from './confidence-table.ts';

/** Tokens given as `text:probability`. */
function shown(tokens: readonly (readonly [string, number])[], threshold: number, from = 0, text?: string) {
  const generated = tokens.map(([token]) => token).join('');
  const whole = text ?? generated;
  let endExclusive = 0;
  const timed = tokens.map(([token, probability]) => {
    endExclusive += token.length;
    return { probability, endExclusive };
  });
  const sure = sureLength(whole, surePoints(whole, generated, timed, undefined), threshold, from);
  return sure && { text: whole.slice(from, sure.endExclusive), probability: sure.probability };
}

describe('what is shown', () => {
  test('is all of a sure text, with the product of its tokens', () => {
    const sure = shown(
      [
        ['foo', 0.9],
        ['(a', 0.9],
        [');', 0.9],
      ],
      0.5,
    );
    expect(sure?.text).toBe('foo(a);');
    expect(sure?.probability).toBeCloseTo(0.729);
  });

  test('ends before the first unsure token', () => {
    expect(
      shown(
        [
          ['foo', 0.9],
          ['(', 0.9],
          ['bar', 0.3],
          [')', 0.9],
        ],
        0.5,
      )?.text,
    ).toBe('foo(');
  });

  test('never ends within a word', () => {
    expect(
      shown(
        [
          ['const ', 0.9],
          ['get', 0.9],
          ['Name', 0.3],
          [';', 0.9],
        ],
        0.5,
      )?.text,
    ).toBe('const');
  });

  test('is nothing when not even the first word is sure', () => {
    expect(
      shown(
        [
          ['foo', 0.4],
          ['()', 0.9],
        ],
        0.5,
      ),
    ).toBeUndefined();
  });

  test('is not a lonely sign, unless that is all there is', () => {
    expect(
      shown(
        [
          ['(', 0.9],
          ['bar', 0.1],
        ],
        0.5,
      ),
    ).toBeUndefined();
    expect(shown([[');', 0.9]], 0.5)?.text).toBe(');');
  });

  test('ends with a whole line behind the first one', () => {
    const lines = [
      ['aa();', 0.9],
      ['\n', 0.95],
      ['bb(', 0.9],
      ['cc', 0.3],
      [');', 0.9],
    ] as const;
    expect(shown(lines, 0.5)?.text).toBe('aa();');
    expect(shown(lines, 0.2)?.text).toBe('aa();\nbb(cc);');
  });

  test('is less sure of statements that are all of one kind', () => {
    const row = [
      ['go.a(one);\n', 0.95],
      ['go.b(two);\n', 0.95],
      ['go.c(three);\n', 0.95],
      ['go.d(four);', 0.95],
    ] as const;
    expect(shown(row, 0.7)?.text).toBe('go.a(one);\ngo.b(two);');
    const mixed = [
      ['go.a(one);\n', 0.95],
      ['return two;\n', 0.95],
      ['x = [3];\n', 0.95],
      ['go.d(four);', 0.95],
    ] as const;
    expect(shown(mixed, 0.7)?.text).toBe('go.a(one);\nreturn two;\nx = [3];\ngo.d(four);');
  });

  test('is everything at a threshold of 0', () => {
    expect(
      shown(
        [
          ['foo', 0.01],
          ['()', 0.01],
        ],
        0,
      )?.text,
    ).toBe('foo()');
  });

  test('is judged from what is typed already', () => {
    const tokens = [
      ['foo', 0.3],
      ['(a, b', 0.9],
      [')', 0.9],
    ] as const;
    expect(shown(tokens, 0.5)).toBeUndefined();
    const sure = shown(tokens, 0.5, 3);
    expect(sure?.text).toBe('(a, b)');
    expect(sure?.probability).toBeCloseTo(0.81);
  });

  test('has the line ends of its document, and what trimming cut off is not waited for', () => {
    const tokens = [
      ['{', 0.9],
      ['\n  ', 0.9],
      ['a();', 0.9],
      ['\n', 0.9],
      ['}', 0.2],
    ] as const;
    expect(shown(tokens, 0.5, 0, '{\r\n  a();')?.text).toBe('{\r\n  a();');
    expect(shown(tokens, 0.75, 0, '{\r\n  a();')).toEqual(undefined);
  });
});

test('a curve is read between its points', () => {
  const curve = [
    [0, 0],
    [0.5, 0.8],
    [1, 0.9],
  ] as const;
  expect(curveAt(curve, 0)).toBe(0);
  expect(curveAt(curve, 0.25)).toBeCloseTo(0.4);
  expect(curveAt(curve, 1)).toBeCloseTo(0.9);
});

test('the fitted curves rise within [0, 1], and only the fitted model has them', () => {
  const calibration = calibrationOf('stet-7m') as Calibration;
  expect(calibrationOf('some other model')).toBeUndefined();
  for (const curve of [calibration.token, calibration.text]) {
    expect(curve[0]).toEqual([0, 0]);
    curve.forEach(([x, y], i) => {
      expect(x).toBeGreaterThanOrEqual(curve[i - 1]?.[0] ?? 0);
      expect(y).toBeGreaterThanOrEqual(curve[i - 1]?.[1] ?? 0);
      expect(Math.max(x, y)).toBeLessThanOrEqual(1);
    });
  }
});
