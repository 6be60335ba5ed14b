/** Quiet zones: where nothing is suggested while typing, each by its setting and by the file's own word. */

import { expect, test } from 'vitest';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { quietZoneAt } from './quiet-zones.ts';

const settings = {
  maxLines: 8,
  maxTokens: 64,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 100,
  editReuse: true,
  eagerness: 'balanced',
  inComments: true,
  inStrings: true,
  disabledPaths: [],
} as const;
const zone = (
  text: string,
  more: object = {},
  region: 'code' | 'string' | 'comment' = 'code',
  uri = 'file:///w/src/a.ts',
) =>
  quietZoneAt(new DocumentSnapshot(uri, 'typescript', 1, text), text.length, region, {
    ...settings,
    ...more,
  });

test('nothing is quiet by default', () => {
  expect(zone('// x', {}, 'comment')).toBeUndefined();
  expect(zone('"x', {}, 'string')).toBeUndefined();
});

test('comments and strings by their settings', () => {
  expect(zone('// x', { inComments: false }, 'comment')).toBe('quiet-comment');
  expect(zone('"x', { inComments: false }, 'string')).toBeUndefined();
  expect(zone('"x', { inStrings: false }, 'string')).toBe('quiet-string');
});

test('a file may turn suggestions off from a line on, and on again', () => {
  expect(zone('// stet: off\nlet a')).toBe('quiet-marker');
  expect(zone('# stet:off\nlet a')).toBe('quiet-marker');
  expect(zone('// stet: off\n// stet: on\nlet a')).toBeUndefined();
  expect(zone('// stet: offer\nlet a')).toBeUndefined();
});

test('paths by glob, decoded', () => {
  expect(zone('', { disabledPaths: ['**/generated/**'] })).toBeUndefined();
  expect(zone('', { disabledPaths: ['**/src/*.ts'] })).toBe('quiet-path');
  expect(zone('', { disabledPaths: ['my notes'] }, 'code', 'file:///w/my%20notes/a.ts')).toBe('quiet-path');
  expect(zone('', { disabledPaths: ['*.md'] }, 'code', 'untitled:100%.md')).toBe('quiet-path');
});
