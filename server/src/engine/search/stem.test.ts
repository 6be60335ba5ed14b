/** stemOf: as Porter's paper has it. That FTS5 does the same is tested beside the store. */

import { expect, test } from 'vitest';
import { stemOf } from './stem.ts';

test.each([
  ['caresses', 'caress'],
  ['ponies', 'poni'],
  ['cats', 'cat'],
  ['agreed', 'agre'],
  ['plastered', 'plaster'],
  ['motoring', 'motor'],
  ['sing', 'sing'],
  ['conflated', 'conflat'],
  ['hopping', 'hop'],
  ['falling', 'fall'],
  ['filing', 'file'],
  ['happy', 'happi'],
  ['sky', 'sky'],
  ['relational', 'relat'],
  ['conditional', 'condit'],
  ['formalize', 'formal'],
  ['electrical', 'electr'],
  ['adoption', 'adopt'],
  ['controlled', 'control'],
  ['rate', 'rate'],
  ['properties', 'properti'],
  ['is', 'is'],
  ['', ''],
  [`${'a'.repeat(63)}ies`, `${'a'.repeat(63)}ies`],
])('%s is %s', (word, stem) => expect(stemOf(word)).toBe(stem));
