/** Tests of suggestions by a model elsewhere: what it is told, what is made of its text, what never leaves. */

import { afterEach, expect, test } from 'vitest';
import { type CompletionRequest, createEngine, type Engine } from '../engine.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { scriptedSetting } from '../testing/scripted-setting.ts';
import type { InfillChunk, InfillRequest, RemoteModel } from './remote.ts';

const { tokenizer, metadata, end } = scriptedSetting(400);
const settings = {
  maxLines: 8,
  maxTokens: 64,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 100,
  editReuse: true,
  eagerness: 'quiet',
} as const;
const uri = 'file:///home/me/project/src/a.ts';
const canary = 'xyzzy-canary';

/** Answers with `chunks`; remembers what it was asked, and how often a chunk was pulled. */
class Elsewhere implements RemoteModel {
  readonly asked: InfillRequest[] = [];
  nPulled = 0;
  isEnded = false;
  isDisposed = false;

  constructor(private readonly chunks: readonly (string | InfillChunk)[]) {}

  async *infill(request: InfillRequest, signal: AbortSignal): AsyncGenerator<InfillChunk> {
    this.asked.push(request);
    try {
      for (const chunk of this.chunks) {
        signal.throwIfAborted();
        this.nPulled++;
        yield typeof chunk === 'string' ? { text: chunk } : chunk;
      }
    } finally {
      this.isEnded = true;
    }
  }

  async dispose(): Promise<void> {
    this.isDisposed = true;
  }
}

let engine: Engine | undefined;
afterEach(() => engine?.dispose());

function openWith(...chunks: readonly (string | InfillChunk)[]) {
  const remote = new Elsewhere(chunks);
  const local = new ScriptedModel(() => end, tokenizer.nVocab);
  const clock = new FakeClock();
  const opened = createEngine(
    { name: 'remote', metadata, tokenizer, forward: local, cacheMemoryMb: 10 },
    { clock, tracer: () => {}, remote },
  );
  engine = opened;
  const open = (name: string, text: string, languageId = 'typescript') =>
    opened.edit({ kind: 'open', uri: name, languageId, version: 1, text });
  const ask = async (marked: string, more: Partial<CompletionRequest> = {}) => {
    const text = marked.replace('█', '');
    open(more.uri ?? uri, text);
    const offset = marked.indexOf('█');
    const request = { uri, version: 1, offset, trigger: 'automatic' as const, settings, ...more };
    const result = await opened.complete(request, new AbortController().signal);
    const { start = 0, endExclusive = 0, text: shown } = result.suggestion ?? {};
    const drawn = shown === undefined ? text : `${text.slice(0, start)}[${shown}]${text.slice(endExclusive)}`;
    return { ...result, drawn };
  };
  return { remote, local, clock, open, ask };
}

test('stet.completion.backend: its text is shown, however sure; the local model does nothing', async () => {
  const { ask, local, remote, clock } = openWith('foo', '(bar)', ';');
  const { drawn, outcome, cost } = await ask('x = █\ny = 2;\n');
  expect({ drawn, outcome }).toEqual({ drawn: 'x = [foo(bar);]\ny = 2;\n', outcome: 'generated' });
  expect(cost).toMatchObject({ nTokens: 3, nNew: 0, rows: 'exact' });
  expect(remote.asked).toEqual([{ prefix: 'x = ', suffix: '\ny = 2;\n', extra: [], maxTokens: 64 }]);
  clock.advance(10_000);
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(local.nPasses).toBe(0); // in idle time neither
});

test('what is typed along it, and where it was asked before, is not asked again', async () => {
  const { ask, remote } = openWith('foo(bar);');
  await ask('x = █');
  expect(await ask('x = fo█')).toMatchObject({ drawn: 'x = fo[o(bar);]' });
  expect(remote.asked).toHaveLength(1);
});

test('the stop rules end it, and trimming takes what stands after the cursor already', async () => {
  const { ask, remote } = openWith('bar', ', baz', ')', ';\n', 'next();\n', 'and so on', 'and on');
  expect((await ask('x = foo(█);')).drawn).toBe('x = foo([bar, baz]);');
  expect(remote.isEnded).toBe(true);
  expect(remote.nPulled).toBeLessThan(6);
});

test('quiet zones, secrets and files over the limit are not asked about', async () => {
  const { ask, remote } = openWith('foo');
  expect((await ask('// █', { settings: { ...settings, inComments: false } })).outcome).toBe('quiet-comment');
  expect((await ask(`KEY=${canary}█`, { uri: 'file:///project/.env' })).outcome).toBe('secret');
  expect((await ask('x █', { settings: { ...settings, maxFileSizeKb: 0 } })).outcome).toBe('too-large');
  expect(remote.asked).toEqual([]);
});

test('other files go along, short, by the end of their paths; those that may hold secrets never', async () => {
  const { ask, open, remote } = openWith('foo');
  open('file:///home/me/project/src/lib/b.ts', `export const b = 1;\r\n${'// more\n'.repeat(1000)}`);
  for (const name of ['.env', 'id_rsa', 'server.pem', 'secrets.ts', '.npmrc'])
    open(`file:///home/me/project/${name}`, `const key = '${canary}';\n`);
  open(uri, ''); // relate() is about a document that is open
  engine?.relate(uri, [
    { path: 'config/credentials.ts', languageId: 'typescript', text: canary },
    { path: 'src/c.ts', languageId: 'typescript', text: 'export const c = 2;' },
  ]);
  await ask('x = █');
  const [request] = remote.asked;
  expect(JSON.stringify(remote.asked)).not.toContain(canary);
  expect(request?.extra.map(({ path }) => path)).toEqual(['src/lib/b.ts', 'src/c.ts']);
  expect(request?.extra[0]?.text).toMatch(/^export const b = 1;\n/);
  expect(request?.extra[0]?.text.length).toBeLessThanOrEqual(2000);
});

test('the windows are the local model’s: line feeds, whole characters, so many tokens', async () => {
  const { ask, remote } = openWith('foo;');
  const { suggestion } = await ask('let a = 1;\r\n  x = █\r\n');
  expect(remote.asked[0]).toMatchObject({ prefix: 'let a = 1;\n  x = ', suffix: '\n' });
  expect(suggestion?.text).toBe('foo;');
  const line = `const name = '😀'.repeat(${'9'.repeat(30)});\n`;
  await ask(`${line.repeat(80)}y = █${line.repeat(80)}`, {
    settings: { ...settings, contextTokens: 500 },
    version: 1,
  });
  const { prefix = '', suffix = '' } = remote.asked[1] ?? {};
  expect(tokenizer.encode(prefix + suffix).length).toBeLessThanOrEqual(500);
  expect(prefix + suffix).not.toContain('\uFFFD');
  expect(prefix.endsWith('y = ')).toBe(true);
});

test('a text that the token limit cut off is cut where it makes sense', async () => {
  const { ask } = openWith('foo(1);\n', '  bar(2);\n', { text: '  ba', isCutOff: true });
  expect((await ask('function all() {\n  █\n}')).drawn).toBe('function all() {\n  [foo(1);\n  bar(2);]\n}');
});

test('what goes wrong reaches whoever asked, and the engine owns the model to the end', async () => {
  const { remote, ask } = openWith();
  remote.infill = () => {
    throw new Error('no route');
  };
  await expect(ask('x = █')).rejects.toThrow('no route');
  await engine?.dispose();
  engine = undefined;
  expect(remote.isDisposed).toBe(true);
});
