/** Tests of the typing-session format: what is refused, and that the bundled sessions are read. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatSession, parseSession, type SessionEvent } from './session.ts';

const open: SessionEvent = { kind: 'open', name: 'a.ts', languageId: 'typescript', text: 'abc' };

test('what is written is read', () => {
  const events: SessionEvent[] = [
    open,
    { kind: 'edit', start: 1, endExclusive: 3, text: 'x', atMs: 12 },
    { kind: 'complete', offset: 2, truth: '', isJump: true, atMs: 40 },
  ];
  expect(parseSession(formatSession(events))).toEqual(events);
});

test('the bundled sessions are read', () => {
  const folder = path.resolve(import.meta.dirname, '../server/bench/traces');
  const names = readdirSync(folder);
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) {
    expect(parseSession(readFileSync(path.join(folder, name), 'utf8'))[0]?.kind).toBe('open');
  }
});

test.each([
  ['no JSON', 'not json'],
  ['an unknown kind', '{"kind":"close"}'],
  ['an edit past the end', '{"kind":"edit","start":0,"endExclusive":4,"text":""}'],
  ['an edit that ends before it starts', '{"kind":"edit","start":2,"endExclusive":1,"text":""}'],
  ['a question past the end', '{"kind":"complete","offset":4,"truth":""}'],
  ['a second file', JSON.stringify(open)],
])('%s is refused, by its line', (_, line) => {
  expect(() => parseSession(`${formatSession([open])}${line}\n`)).toThrow('Line 2');
});

test('an edit of no file is refused', () => {
  expect(() => parseSession('{"kind":"edit","start":0,"endExclusive":0,"text":""}')).toThrow('Line 1');
  expect(() => parseSession('')).toThrow('empty');
});
