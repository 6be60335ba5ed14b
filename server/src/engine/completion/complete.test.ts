/** complete: the whole engine with a scripted model; suggestions are asserted as text, `foo[bar]`. */

import { describe, expect, test } from 'vitest';
import type { TraceEvent, Tracer } from '../base/ports.ts';
import type { SymbolOracle } from '../decoding/constraints/symbol-oracle.ts';
import { type CompletionRequest, createEngine, type Engine } from '../engine.ts';
import { parseModelMetadata } from '../model/metadata.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { tinyModel } from '../testing/tiny-model.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';

const { tokenizerJson } = tinyModel();
const tokenizer = Tokenizer.parse(tokenizerJson);
const stet = {
  name: 'scripted',
  version: '1',
  fim: { prefix: '<|fim_prefix|>', suffix: '<|fim_suffix|>', middle: '<|fim_middle|>', order: 'spm' },
  endTokens: ['<|endoftext|>'],
  fileToken: '<|file_sep|>',
  contextTokens: 400,
};
const end = tokenizer.idOf('<|endoftext|>') as number;
const middle = tokenizer.idOf('<|fim_middle|>') as number;
const settings = {
  maxLines: 8,
  maxTokens: 64,
  contextTokens: 0,
  debounceMs: 0,
  maxFileSizeKb: 100,
  editReuse: true,
};

/** An engine whose model knows what follows each beginning: text before the cursor → what it writes. */
function newEngine(
  continuations: Readonly<Record<string, string>>,
  passMs = 0,
  tracer: Tracer = () => {},
  oracle?: SymbolOracle,
) {
  const clock = new FakeClock();
  const model = new ScriptedModel(
    (context) => {
      const written = textOf(context.slice(context.lastIndexOf(middle) + 1));
      for (const [before, text] of Object.entries(continuations)) {
        const at = written.lastIndexOf(before);
        if (at < 0) continue;
        const done = written.slice(at + before.length);
        if (text.startsWith(done)) return done.length < text.length ? text.charCodeAt(done.length) : end;
      }
      return end;
    },
    tokenizer.nVocab,
    passMs,
  );
  const metadata = parseModelMetadata(stet, tokenizerJson);
  const engine = createEngine(
    { name: 'scripted', metadata, tokenizer, forward: model, cacheMemoryMb: 10 },
    { clock, tracer, ...(oracle && { oracle }) },
  );
  return { engine, model, clock };
}

const textOf = (ids: readonly number[]) =>
  new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => [...tokenizer.bytesOf(id)])));

/** Opens `marked` (█ is the cursor) and answers with the suggestion drawn into it. */
class Editor {
  private version = 0;
  private text = '';
  offset = 0;

  constructor(
    readonly engine: Engine,
    private readonly uri = 'file:///folder/a.ts',
  ) {}

  open(marked: string): this {
    this.offset = marked.indexOf('█');
    this.text = marked.replace('█', '');
    this.version++;
    const { uri, version, text } = this;
    this.engine.edit({ kind: 'open', uri, languageId: 'typescript', version, text });
    return this;
  }

  type(text: string): this {
    this.text = this.text.slice(0, this.offset) + text + this.text.slice(this.offset);
    this.version++;
    const edits = [{ start: this.offset, endExclusive: this.offset, text }];
    this.engine.edit({ kind: 'change', uri: this.uri, version: this.version, edits });
    this.offset += text.length;
    return this;
  }

  async ask(more: Partial<CompletionRequest> = {}, signal = new AbortController().signal) {
    const { uri, version, offset } = this;
    const result = await this.engine.complete(
      { uri, version, offset, trigger: 'invoked', settings, ...more },
      signal,
    );
    const { suggestion } = result;
    const drawn = suggestion
      ? `${this.text.slice(0, suggestion.start)}[${suggestion.text}]${this.text.slice(suggestion.endExclusive)}`
      : this.text;
    return { ...result, drawn };
  }
}

describe('a suggestion', () => {
  const { engine, model } = newEngine({ 'const answer = ': '42;', 'return ': 'a + b;', 'max(': 'a, b);' });

  test('is what the model writes', async () => {
    const { drawn, outcome } = await new Editor(engine).open('const answer = █\n').ask();
    expect(drawn).toBe('const answer = [42;]\n');
    expect(outcome).toBe('generated');
  });

  test('is not asked of the model again while it is typed', async () => {
    const editor = new Editor(engine).open('const answer = █\n');
    await editor.ask();
    const { nPasses } = model;
    const { drawn, outcome } = await editor.type('4').ask();
    expect(drawn).toBe('const answer = 4[2;]\n');
    expect(outcome).toBe('reused');
    expect(model.nPasses).toBe(nPasses);
  });

  test('leaves out what stands after the cursor already', async () => {
    const { drawn } = await new Editor(engine).open('max(█);\n').ask();
    expect(drawn).toBe('max([a, b]);\n');
  });

  test('begins with the entry that the completion list has selected', async () => {
    const editor = new Editor(engine).open('function f(a, b) {\n  ret█\n}\n');
    const { offset } = editor;
    const selected = { start: offset - 3, endExclusive: offset, text: 'return ' };
    const { drawn } = await editor.ask({ selected });
    expect(drawn).toBe('function f(a, b) {\n  [return a + b;]\n}\n');
  });

  test('costs only the typed tokens when the text before is the same', async () => {
    const editor = new Editor(engine).open(`${'let filler = 0;\n'.repeat(10)}const answer =█`);
    await editor.ask();
    const { cost, drawn } = await editor.type(' ').ask();
    expect(drawn.endsWith('const answer = [42;]')).toBe(true);
    expect(cost.nNew).toBe(1);
  });
});

describe('no suggestion', () => {
  const { engine } = newEngine({ 'x = ': '1;' });
  const outcome = async (marked: string, more: Partial<CompletionRequest> = {}) =>
    (
      await new Editor(engine, more.uri === 'file:///folder/.env' ? more.uri : undefined)
        .open(marked)
        .ask(more)
    ).outcome;

  test.each([
    ['in a file over the limit', `${'a'.repeat(101 * 1024)}█`, {}, 'too-large'],
    ['in a binary file', 'a\0b█', {}, 'binary'],
    ['inside a surrogate pair', 'a\ud83d█\ude00', {}, 'bad-position'],
    ['past the end', 'a█', { offset: 5 }, 'bad-position'],
    ['inside a word while typing', 'wo█rd', { trigger: 'automatic' }, 'mid-word'],
    ['in a file of secrets', 'KEY=█', { uri: 'file:///folder/.env' }, 'secret'],
    ['for another version', 'a█', { version: 99 }, 'stale'],
    ['for a document that is not open', 'a█', { uri: 'file:///other' }, 'unknown-document'],
    ['when the model has nothing to say', 'hello█', {}, 'empty'],
    ['in an empty file when the model has nothing to say', '█', {}, 'empty'],
  ] as const)('%s', async (_, marked, more, expected) => {
    expect(await outcome(marked, more)).toBe(expected);
  });
});

describe('requests that are overtaken', () => {
  test('a newer one for the same document ends the older as stale', async () => {
    const { engine } = newEngine({ 'x = ': '1;' }, 5);
    const editor = new Editor(engine).open(`${'let filler = 0;\n'.repeat(15)}x =█`);
    const older = editor.ask();
    const newer = editor.type(' ').ask();
    expect((await older).outcome).toBe('stale');
    expect((await newer).drawn.endsWith('x = [1;]')).toBe(true);
  });

  test('an aborted one rejects with the reason and leaves the engine usable', async () => {
    const { engine } = newEngine({ 'x = ': '1;' }, 5);
    const editor = new Editor(engine).open('x = █');
    const abort = new AbortController();
    const asked = editor.ask({}, abort.signal);
    abort.abort(new Error('typed on'));
    await expect(asked).rejects.toThrow('typed on');
    expect((await editor.ask()).drawn).toBe('x = [1;]');
  });

  test('a document closed during a request gives nothing', async () => {
    const { engine } = newEngine({ 'x = ': '1;' }, 5);
    const editor = new Editor(engine).open('x = █');
    const asked = editor.ask();
    engine.edit({ kind: 'close', uri: 'file:///folder/a.ts' });
    expect((await asked).outcome).toBe('stale');
  });

  test('stet.completion.debounceMs: while typing, the model is asked only after a quiet moment', async () => {
    const { engine, model, clock } = newEngine({ 'x = ': '1;' });
    const editor = new Editor(engine).open('x = █');
    const asked = editor.ask({ trigger: 'automatic', settings: { ...settings, debounceMs: 30 } });
    await Promise.resolve();
    expect(model.nPasses).toBe(0);
    clock.advance(60);
    expect((await asked).drawn).toBe('x = [1;]');
  });
});

test('sentinels spelt out in a file stay text', async () => {
  const { engine, model } = newEngine({ 'x = ': '1;' });
  const contexts: number[][] = [];
  const run = model.run.bind(model);
  model.run = (request) => {
    contexts.push(Array.from(request.tokens));
    return run(request);
  };
  await new Editor(engine).open('// <|fim_middle|> and <|endoftext|>\nx = █').ask();
  expect(contexts.flat().filter((token) => token === middle)).toHaveLength(1);
});

test('idle time makes moved rows exact again, and a new request stops it', async () => {
  const { engine, model, clock } = newEngine({ 'x = ': '1;' });
  const filler = Array.from({ length: 20 }, (_, i) => `let v${i} = ${i};\n`).join('');
  const editor = new Editor(engine).open(`${filler}x = █`);
  await editor.ask();
  editor.offset = 3;
  editor.type('ter');
  editor.offset = filler.length + 3 + 'x = '.length;
  const { cost } = await editor.ask();
  expect(cost.nShifted).toBeGreaterThan(150);
  const before = model.nRun;
  clock.advance(1000);
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(model.nRun - before).toBeGreaterThan(150);
  const healed = await editor.type('0').ask();
  expect(healed.cost).toMatchObject({ nShifted: 0, nNew: 1 });
});

test('a suggestion from moved rows is withdrawn when the exact rows say otherwise', async () => {
  // While the rows are moved, this model says 7, as a network might that still sees the old text.
  const events: TraceEvent[] = [];
  const { engine, model, clock } = newEngine({ 'x = ': '1;' }, 0, (event) => events.push(event));
  const filler = Array.from({ length: 20 }, (_, i) => `let v${i} = ${i};\n`).join('');
  const editor = new Editor(engine).open(`${filler}x = █`);
  await editor.ask();
  editor.offset = 3;
  editor.type('ter');
  editor.offset = filler.length + 3 + 'x = '.length;
  const run = model.run.bind(model);
  const seven = '7'.charCodeAt(0);
  model.run = async (request) => {
    const logits = await run(request);
    logits[seven] = 40;
    return logits;
  };
  const wrong = await editor.ask({ settings: { ...settings, maxTokens: 1 } });
  expect(wrong.drawn.endsWith('x = [7]')).toBe(true);
  model.run = run;
  clock.advance(1000);
  for (let i = 0; i < 60; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(events.filter((event) => event.kind === 'withdrawn')).toMatchObject([{ id: wrong.suggestion?.id }]);
  expect((await editor.ask()).drawn.endsWith('x = [1;]')).toBe(true);
});

test.each([
  ['late', () => new Promise<never>(() => {})],
  ['silent', async () => undefined],
])('a suggestion from moved rows stays when the names are %s in the rewrite', async (_, fallsShort) => {
  const events: TraceEvent[] = [];
  const known: SymbolOracle['symbols'] = async () => ({ names: ['meow'], isClosed: true });
  let symbols = known;
  let nAsked = 0;
  const oracle: SymbolOracle = {
    name: 'scripted',
    serves: () => true,
    symbols(query, signal) {
      nAsked++;
      return symbols(query, signal);
    },
    diagnostics: async () => undefined,
    edit: () => {},
    dispose: async () => {},
  };
  const { engine, model, clock } = newEngine(
    { 'cat.': 'purr;', 'cat.m': 'eow;' },
    0,
    (event) => events.push(event),
    oracle,
  );
  const run = model.run.bind(model);
  model.run = async (request) => {
    const logits = await run(request);
    logits['m'.charCodeAt(0)] = Math.max(1, logits['m'.charCodeAt(0)] as number); // its second choice
    return logits;
  };
  const filler = Array.from({ length: 20 }, (_, i) => `let v${i} = ${i};\n`).join('');
  const editor = new Editor(engine).open(`${filler}cat.█`);
  await editor.ask();
  editor.offset = 3;
  editor.type('ter');
  editor.offset = filler.length + 3 + 'cat.'.length;
  const shown = await editor.ask();
  expect(shown.cost.rows).not.toBe('exact');
  expect(shown.drawn.slice(filler.length + 3)).toBe('cat.[meow;]');
  symbols = fallsShort;
  new Editor(engine, 'file:///folder/other.ts').open('█'); // what was said of the names is forgotten
  nAsked = 0;
  for (let i = 0; i < 60; i++) {
    clock.advance(50);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(nAsked).toBeGreaterThan(0); // it was written again
  expect(events.filter((event) => event.kind === 'withdrawn')).toEqual([]);
  expect((await editor.ask()).drawn.slice(filler.length + 3)).toBe('cat.[meow;]');
});

test('what another document had the model read is borrowed, not read again', async () => {
  const { engine } = newEngine({ 'x = ': '1;' });
  const shared = Array.from({ length: 20 }, (_, i) => `let v${i} = ${i};\n`).join('');
  await new Editor(engine, 'file:///folder/a.ts').open(`${shared}x = █`).ask();
  const { cost, drawn } = await new Editor(engine, 'file:///folder/b.ts')
    .open(`let other = 1;\n${shared}x = █`)
    .ask();
  expect(drawn.endsWith('x = [1;]')).toBe(true);
  expect(cost.nShifted).toBeGreaterThan(150);
});

test('a file with CR LF is read as one with LF, and gets its own line ends back', async () => {
  const { engine, model } = newEngine({ 'x = {': '\n  a: 1,\n};' });
  const contexts: number[][] = [];
  const run = model.run.bind(model);
  model.run = (request) => {
    contexts.push(Array.from(request.tokens));
    return run(request);
  };
  const { drawn } = await new Editor(engine).open('let y = 0;\r\nx = {█').ask();
  expect(drawn).toBe('let y = 0;\r\nx = {[\r\n  a: 1,\r\n};]');
  expect(contexts.flat()).not.toContain(13);
});
