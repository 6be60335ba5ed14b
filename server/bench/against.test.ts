/** Tests of what --against understands. */

import { isAbsolute } from 'node:path';
import { expect, test } from 'vitest';
import { parseAgainst } from './against.ts';

test('settings of the model and of the request are told apart', () => {
  const against = parseAgainst(['format=int4', 'editReuse=false', 'maxTokens=64', 'threads=1']);
  expect(against).toEqual({
    label: 'format=int4, editReuse=false, maxTokens=64, threads=1',
    options: { format: 'int4', threads: 1 },
    completion: { editReuse: false, maxTokens: 64 },
  });
  expect(isAbsolute(parseAgainst(['model=models/a'])?.options.modelFolder ?? '')).toBe(true);
  expect(parseAgainst([])).toBeUndefined();
});

test.each(['format=int3', 'editReuse=no', 'maxTokens=-1', 'threads=', 'constructor=1', 'nonsense'])(
  '%s is refused in words',
  (pair) => expect(() => parseAgainst([pair])).toThrow(`not "${pair}"`),
);
