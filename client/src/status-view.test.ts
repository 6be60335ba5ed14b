/** Tests of the status item's texts. */

import { expect, test } from 'vitest';
import { statusView } from './status-view.ts';

const ready = { state: 'ready', detail: 'stet-8m' } as const;
const trace = {
  uri: 'file:///a',
  outcome: 'generated',
  ms: 81.6,
  firstTokenMs: 40,
  nKept: 90,
  nShifted: 0,
  nNew: 10,
  nRepaired: 0,
  rows: 'exact' as const,
  nTokens: 7,
};
const base = { server: ready, off: undefined, languageId: 'python', trace: undefined };

test('a snooze says how long it lasts', () => {
  const server = { state: 'ready', detail: 'a model' } as const;
  const view = statusView({
    server,
    off: 'snoozed',
    languageId: 'python',
    snoozedUntil: '14:35',
    trace: undefined,
  });
  expect(view.text).toBe('$(bell-slash) Stet');
  expect(view.hover).toContain('snoozed until 14:35');
});

test('ready', () => {
  expect(statusView(base)).toEqual({
    text: '$(ellipsis) Stet',
    hover: '**Stet** is ready: stet\\-8m',
    label: 'Stet: stet-8m',
    isError: false,
  });
});

test('loading and error show their detail', () => {
  const loading = statusView({ ...base, server: { state: 'loading', detail: 'Loading the model…' } });
  expect(loading.text).toBe('$(loading~spin) Stet');
  const error = statusView({ ...base, server: { state: 'error', detail: 'No model in my_folder.' } });
  expect(error).toMatchObject({ text: '$(warning) Stet', isError: true });
  expect(error.hover).toContain('my\\_folder');
});

test('off for this file says which language', () => {
  const view = statusView({ ...base, off: 'language' });
  expect(view.text).toBe('$(circle-slash) Stet');
  expect(view.hover).toContain('off in python files');
});

test('the hover ends with the last request', () => {
  expect(statusView({ ...base, trace }).hover).toContain(
    'Last request: generated in 82 ms, read 10 of 100 tokens anew (exact), wrote 7.',
  );
});

test('while the index is built its progress is beside the name, and in the hover', () => {
  const index = {
    state: 'indexing',
    nFiles: 200,
    nFilesDone: 90,
    nChunks: 400,
    sizeBytes: 1e6,
    detail: '',
  } as const;
  const view = statusView({ ...base, index });
  expect(view.text).toBe('$(ellipsis) Stet 45 %');
  expect(view.hover).toContain('Indexing: 45 %');
  expect(statusView({ ...base, index: { ...index, state: 'ready' } }).text).toBe('$(ellipsis) Stet');
});

test('the hover says who knows the names of the file, or how somebody could', () => {
  const oracle = { languageIds: ['python'], name: 'pyright', health: 'ready', detail: '' } as const;
  expect(statusView({ ...base, oracle }).hover).toContain('Types: pyright says which names exist.');
  const missing = { ...oracle, name: 'gopls', health: 'missing', detail: 'Install gopls.' } as const;
  expect(statusView({ ...base, languageId: 'go', oracle: missing }).hover).toContain(
    'nobody says which names exist in go files: Install gopls.',
  );
  expect(statusView({ ...base, oracle: { ...oracle, health: 'off' } }).hover).not.toContain('Types');
});

test('on battery the hover says what is left undone', () => {
  const power = 'On battery: nothing is looked for ahead.';
  expect(statusView({ ...base, server: { ...ready, power } }).hover).toContain(power);
});
