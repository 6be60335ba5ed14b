/** Tests of a model's line in the list. */

import { expect, test } from 'vitest';
import { adviceOn, describeModel, memoryText } from './model-text.ts';

test('what is to be downloaded, and what is here', () => {
  const model = { title: 'Small Coder', licence: 'MIT', parametersM: 494, sizeBytes: 1e9, memoryMb: 793 };
  expect(describeModel(model)).toBe('MIT · 494M parameters · 1.0 GB to download · up to 793 MB of memory');
  expect(describeModel({ ...model, parametersM: 1540, folder: '/models/x' })).toContain(
    '1.5B parameters · 1.0 GB on disk',
  );
  expect(describeModel({ title: 'x', sizeBytes: 16e6, folder: '/models/x' })).toBe('16 MB on disk');
});

test('how fast it is, and whether anybody measured that', () => {
  const speed = { suggestionMs: 241.6, tokensPerSecond: 57.1, isPredicted: true };
  const model = { title: 'x', sizeBytes: 16e6, folder: '/models/x', speed };
  expect(describeModel(model)).toBe('16 MB on disk · 12 tokens in 242 ms, 57 a second (predicted)');
  expect(describeModel({ ...model, speed: { ...speed, isPredicted: false } })).toContain('(measured)');
});

test('which one to take, and why not another', () => {
  const model = { title: 'x', sizeBytes: 1 };
  expect(adviceOn(model)).toBeUndefined();
  expect(adviceOn({ ...model, isRecommended: true })).toContain('Recommended');
  expect(adviceOn({ ...model, objection: 'It is slow here.' })).toBe('$(warning) It is slow here.');
});

test('what memory there is', () => {
  expect(memoryText({ totalBytes: 16e9 })).toBe('This machine has 16.0 GB of memory.');
  expect(memoryText({ totalBytes: 16e9, freeBytes: 8e8 })).toContain('800 MB of it free');
});
