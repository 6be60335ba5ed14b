/** Search: what comes first, what comes later, and what is left out. */
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import type { Encoder } from './encoder.ts';
import { type SearchParts, search, similar } from './search.ts';
import type { IndexedChunk } from './store.ts';
import { splitWords } from './words.ts';

const nowMs = 1_000 * 86_400_000;
const live = new AbortController().signal;

/** Knows three topics; a stand-in for trained weights only. */
const topics = [
  ['queue', 'oldest', 'shift', 'dequeue'],
  ['parse', 'json', 'config', 'settings'],
  ['socket', 'network', 'close', 'connection'],
];
const embed = (text: string) => {
  const words = splitWords(text);
  const vector = Float32Array.from(topics, (topic) => words.filter((word) => topic.includes(word)).length);
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
};
const encoder = {
  embedQuery: embed,
  embedDocument: ({ name, code }: { name: string; code: string }) => embed(`${name} ${code}`),
} as unknown as Encoder;

type Given = Partial<IndexedChunk> & { readonly text: string };

async function parts(files: Record<string, readonly Given[]>, more: Partial<SearchParts> = {}) {
  const store = new MemoryStore();
  for (const [path, given] of Object.entries(files)) {
    let start = 0;
    const chunks = given.map((chunk, i): IndexedChunk => {
      const whole: IndexedChunk = {
        id: '0',
        start,
        endExclusive: start + chunk.text.length,
        startLine: i * 10,
        endLine: i * 10 + 9,
        kind: 'function',
        name: '',
        header: '',
        doc: '',
        vector: embed(`${chunk.name ?? ''} ${chunk.text}`),
        ...chunk,
      };
      start += chunk.text.length + 1;
      return whole;
    });
    const languageId = path.endsWith('.py') ? 'python' : 'typescript';
    await store.replace([{ file: { path, languageId, mtimeMs: 0, sizeBytes: 1, hash: '' }, chunks }]);
  }
  const matcher: SearchParts['matcher'] = (patterns, texts) =>
    texts.map((text) => patterns.every(({ source, flags }) => new RegExp(source, flags).test(text)));
  return { store, encoder, matcher, clock: new FakeClock(), nowMs, openPaths: [], ...more };
}

const texts = ({ hits }: { readonly hits: readonly { readonly chunk: { readonly text: string } }[] }) =>
  hits.map(({ chunk }) => chunk.text);

const files = {
  '/w/queue.ts': [{ text: 'return items.shift()', name: 'Queue.take' }, { text: 'const size = 1' }],
  '/w/config.py': [{ text: 'read settings from json', name: 'load' }],
  '/w/net.ts': [{ text: 'socket.end() // finished', name: 'hangUp' }],
};

test('words first, then meaning, which finds what shares no word', async () => {
  const stages: [string, string[]][] = [];
  const found = await search('remove the oldest', 10, await parts(files), live, (stage, hits) =>
    stages.push([stage, texts({ hits })]),
  );
  expect(stages[0]).toEqual(['lexical', []]);
  expect(stages[1]?.[0]).toBe('semantic');
  expect(texts(found)[0]).toBe('return items.shift()');
});

test('without an encoder words alone answer', async () => {
  const stages: string[] = [];
  const found = await search('settings', 10, await parts(files, { encoder: undefined }), live, (stage) =>
    stages.push(stage),
  );
  expect(stages).toEqual(['lexical']);
  expect(texts(found)).toEqual(['read settings from json']);
});

test('filters hold for both lists; the limit is kept', async () => {
  const all = await parts(files);
  expect(texts(await search('lang:py queue settings shift', 10, all, live))).toEqual([
    'read settings from json',
  ]);
  expect(texts(await search('path:net queue socket', 10, all, live))).toEqual(['socket.end() // finished']);
  expect((await search('settings shift socket', 1, all, live)).hits).toHaveLength(1);
});

test('nothing to search for is said', async () => {
  const all = await parts(files);
  expect(await search('   ', 10, all, live)).toEqual({ hits: [], note: expect.stringContaining('Type') });
  expect(await search('lang:ts', 10, all, live)).toEqual({
    hits: [],
    note: expect.stringContaining('beside the filters'),
  });
  expect(texts(await search('{}();', 10, all, live))).toEqual([]);
});

describe('ranking', () => {
  test('a function in several chunks is found once, equal texts once', async () => {
    const all = await parts({
      '/w/a.ts': [
        { text: 'queue one', name: 'work' },
        { text: 'queue oldest shift', name: 'work' },
        { text: 'queue other', name: 'rest' },
      ],
      '/w/b.ts': [{ text: 'queue  other', name: 'copy' }],
    });
    expect(texts(await search('queue oldest', 10, all, live))).toEqual(['queue oldest shift', 'queue other']);
  });

  test('a query that is a name finds what has it, not what uses it most', async () => {
    const all = await parts({
      '/w/use.ts': [{ text: 'parse config parseConfig parseConfig parseConfig settings json' }],
      '/w/def.ts': [{ text: 'json', name: 'Loader.parseConfig' }],
    });
    expect(texts(await search('parseConfig', 10, all, live))[0]).toBe('json');
  });

  test('open files decide between equals', async () => {
    const same = { '/w/a.ts': [{ text: 'socket a' }], '/w/b.ts': [{ text: 'socket b' }] };
    const first = async (openPaths: readonly string[]) =>
      texts(await search('socket', 10, await parts(same, { openPaths }), live))[0];
    expect(await first(['/w/a.ts'])).toBe('socket a');
    expect(await first(['/w/b.ts'])).toBe('socket b');
  });
});

describe('exact', () => {
  test('phrases and regular expressions keep only what holds them, words or not', async () => {
    const all = await parts(files);
    expect(texts(await search('"settings from"', 10, all, live))).toEqual(['read settings from json']);
    expect(texts(await search('"from settings"', 10, all, live))).toEqual([]);
    expect(texts(await search('/items\\.\\w+\\(/', 10, all, live))).toEqual(['return items.shift()']);
    expect(texts(await search('"()"', 10, all, live)).sort()).toEqual([
      'return items.shift()',
      'socket.end() // finished',
    ]);
    expect(texts(await search('path:net "()"', 10, all, live))).toEqual(['socket.end() // finished']);
  });

  test('a scan that takes too long says that it is not complete', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`/w/${i}.ts`, [{ text: `x${i}` }]]),
    );
    const clock = new FakeClock();
    const slow: SearchParts['clock'] = {
      nowMs: () => clock.nowMs(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      yieldToHost: async () => clock.advance(10_000),
    };
    const found = await search('/x199/', 10, await parts(many, { clock: slow }), live);
    expect(found.hits).toEqual([]);
    expect(found.note).toMatch(/narrow it/);
  });

  test('an expression that takes seconds for each file is given up after a few files', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`/w/${i}.ts`, [{ text: `x${i}` }]]),
    );
    const clock = new FakeClock();
    let nCalls = 0;
    const matcher: SearchParts['matcher'] = (_, texts) => {
      nCalls++;
      clock.advance(2000);
      return texts.map(() => false);
    };
    const found = await search('/x199/', 10, await parts(many, { clock, matcher }), live);
    expect(found.note).toMatch(/narrow it/);
    expect(nCalls).toBeLessThan(6);
  });
});

describe('similar', () => {
  test('finds the like, not the place that it came from', async () => {
    const all = await parts({
      '/w/a.ts': [{ text: 'oldest = queue.shift()' }, { text: 'json.parse(config)' }],
      '/w/b.ts': [{ text: 'first = dequeue(queue)' }],
    });
    const code = { text: 'oldest = queue.shift()', path: '/w/a.ts', line: 2 };
    expect(texts(await similar(code, 10, all, live))[0]).toBe('first = dequeue(queue)');
    expect(texts(await similar({ text: code.text }, 10, all, live))[0]).toBe(code.text);
  });

  test('code without words is said to have none', async () => {
    expect((await similar({ text: '{}' }, 10, await parts(files), live)).note).toMatch(/no words/);
  });
});

test('an aborted search rejects with the reason', async () => {
  const controller = new AbortController();
  controller.abort(new Error('gone'));
  const all = await parts(files);
  await expect(search('queue', 10, all, controller.signal)).rejects.toThrow('gone');
  await expect(similar({ text: 'queue' }, 10, all, controller.signal)).rejects.toThrow('gone');
});
