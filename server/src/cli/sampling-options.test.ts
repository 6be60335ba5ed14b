/** The command line's options for chance: read, bounded, and absent without a temperature. */

import { expect, test } from 'vitest';
import { samplingOf } from './sampling-options.ts';

test('without a temperature nothing is left to chance', () => {
  expect(samplingOf({ seed: '3' })).toBeUndefined();
});

test('what is not given is as open as can be', () => {
  expect(samplingOf({ temperature: '0.8' })).toEqual({
    temperature: 0.8,
    topK: 0,
    topP: 1,
    minP: 0,
    seed: 0,
  });
  expect(samplingOf({ temperature: '1', 'top-k': '40', 'top-p': '.9', 'min-p': '.05', seed: '7' })).toEqual({
    temperature: 1,
    topK: 40,
    topP: 0.9,
    minP: 0.05,
    seed: 7,
  });
});

test.each([
  ['temperature', '0'],
  ['temperature', 'hot'],
  ['top-p', '1.5'],
  ['seed', ''],
] as const)('--%s %s is refused with the range', (name, value) => {
  expect(() => samplingOf({ temperature: '1', [name]: value })).toThrow(`--${name} takes a number from`);
});
