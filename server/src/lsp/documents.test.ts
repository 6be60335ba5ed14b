/** Tests of the document mirror: under any sequence of edits it equals the editor's text, and so does the engine's. */

import { describe, expect, test } from 'vitest';
import { OpenDocuments } from '../engine/completion/documents.ts';
import { Documents } from './documents.ts';

const uri = 'file:///a.ts';

function mirror(text: string) {
  const problems: string[] = [];
  const documents = new Documents((message) => problems.push(message));
  const engine = new OpenDocuments();
  const apply = (change: ReturnType<Documents['didOpen']>) => change && engine.apply(change);
  apply(documents.didOpen({ textDocument: { uri, languageId: 'typescript', version: 1, text } }));
  return {
    documents,
    problems,
    change: (version: number, ...contentChanges: unknown[]) =>
      apply(documents.didChange({ textDocument: { uri, version }, contentChanges })),
    close: () => apply(documents.didClose({ textDocument: { uri } })),
    texts: () => [documents.get(uri)?.getText(), engine.get(uri)?.text],
  };
}

const at = (line: number, character: number) => ({ line, character });

/** Deterministic random numbers in [0, 1) (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** LSP's positions, done the slow way: the reference for the mirror. */
function positionOf(text: string, offset: number) {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r(?!\n)/);
  return at(lines.length - 1, (lines.at(-1) as string).length);
}

const pieces = [
  'a',
  'foo(',
  '\n',
  '\r\n',
  '\r',
  '\t',
  '👩‍💻',
  '\ud83d',
  '\ude00',
  'é',
  '',
  'x\r\ny\nz',
  '    return 1;\r\n',
];

describe('random edits', () => {
  test.each(Array.from({ length: 40 }, (_, i) => i))(
    'seed %i: mirror and engine equal the editor',
    (seed) => {
      const next = random(seed);
      const pick = (n: number) => Math.floor(next() * n);
      let text = Array.from({ length: 30 }, () => pieces[pick(pieces.length)]).join('');
      const it = mirror(text);
      for (let version = 2; version < 60; version++) {
        const changes = Array.from({ length: 1 + pick(3) }, () => {
          const inserted = pieces[pick(pieces.length)] as string;
          if (pick(12) === 0) {
            text = text.slice(0, pick(text.length + 1)) + inserted;
            return { text };
          }
          // An editor never names the place between \r and \n, and neither does this one.
          const place = () => {
            const offset = pick(text.length + 1);
            return text[offset - 1] === '\r' && text[offset] === '\n' ? offset + 1 : offset;
          };
          const [start, end] = [place(), place()].sort((a, b) => a - b) as [number, number];
          const range = { start: positionOf(text, start), end: positionOf(text, end) };
          text = text.slice(0, start) + inserted + text.slice(end);
          return { range, text: inserted };
        });
        it.change(version, ...changes);
        expect(it.texts()).toEqual([text, text]);
      }
      expect(it.problems).toEqual([]);
    },
  );
});

test('a whole new text reaches the engine as the part that differs', () => {
  const documents = new Documents(() => {});
  documents.didOpen({ textDocument: { uri, languageId: 'x', version: 1, text: 'one two three' } });
  const change = documents.didChange({
    textDocument: { uri, version: 2 },
    contentChanges: [{ text: 'one 2 three' }],
  });
  expect(change).toMatchObject({
    kind: 'change',
    version: 2,
    edits: [{ start: 4, endExclusive: 7, text: '2' }],
  });
});

test('a whole text equal to the old one still moves the version', () => {
  const it = mirror('same');
  it.change(7, { text: 'same' });
  expect(it.documents.get(uri)?.version).toBe(7);
});

test('a range given backwards is taken as meant', () => {
  const it = mirror('hello world');
  it.change(2, { range: { start: at(0, 5), end: at(0, 0) }, text: 'bye' });
  expect(it.texts()).toEqual(['bye world', 'bye world']);
});

test('positions past the end mean the end', () => {
  const it = mirror('a\r\nb');
  it.change(2, { range: { start: at(0, 99), end: at(0, 99) }, text: '!' });
  it.change(3, { range: { start: at(99, 0), end: at(99, 0) }, text: '?' });
  expect(it.texts()).toEqual(['a!\r\nb?', 'a!\r\nb?']);
});

test('closing and opening again starts afresh', () => {
  const it = mirror('old');
  it.close();
  expect(it.texts()).toEqual([undefined, undefined]);
  expect(it.documents.didClose({ textDocument: { uri } })).toBeUndefined();
});

test('all() tells a fresh engine of what is open, as it is now', () => {
  const it = mirror('a');
  it.change(2, { text: 'ab' });
  expect([...it.documents.all()]).toEqual([
    { kind: 'open', uri, languageId: 'typescript', version: 2, text: 'ab' },
  ]);
});

describe('bad messages', () => {
  test.each([
    ['no range offsets', { range: { start: {}, end: {} }, text: '' }],
    ['a negative line', { range: { start: at(-1, 0), end: at(0, 0) }, text: '' }],
    ['a text that is none', { text: 5 }],
    ['null', null],
  ])('a change with %s closes the document until it is opened again', (_, change) => {
    const it = mirror('a');
    it.change(2, change);
    expect(it.texts()).toEqual([undefined, undefined]);
    expect(it.problems).toHaveLength(1);
  });

  test.each([undefined, null, {}, { textDocument: null }, { textDocument: { uri: 5 } }])(
    '%j is ignored',
    (params) => {
      const it = mirror('a');
      expect(it.documents.didOpen(params)).toBeUndefined();
      expect(it.documents.didChange(params)).toBeUndefined();
      expect(it.documents.didClose(params)).toBeUndefined();
      expect(it.texts()).toEqual(['a', 'a']);
    },
  );
});
