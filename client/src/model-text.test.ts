/** Tests of a model's line in the list. */

import { expect, test } from 'vitest';
import { describeModel } from './model-text.ts';

test('what is to be downloaded, and what is here', () => {
  const model = { title: 'Small Coder', licence: 'MIT', parametersM: 494, sizeBytes: 1e9, memoryMb: 793 };
  expect(describeModel(model)).toBe('MIT · 494M parameters · 1.0 GB to download · 793 MB of memory');
  expect(describeModel({ ...model, parametersM: 1540, folder: '/models/x' })).toContain(
    '1.5B parameters · 1.0 GB on disk',
  );
  expect(describeModel({ title: 'x', sizeBytes: 16e6, folder: '/models/x' })).toBe('16 MB on disk');
});
