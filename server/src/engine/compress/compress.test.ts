/** Compression: never over budget, always parseable, what matters kept; the same request gives the same text. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { languageOf } from '../../node/language-of.ts';
import { CausalLm } from '../model/causal-lm.ts';
import { nErrors } from '../syntax/errors.ts';
import { Parsers } from '../syntax/parsers.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { tinyBpe } from '../testing/tiny-bpe.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import { SegmentTokenizer } from '../tokens/retokenize.ts';
import { Tokenizer } from '../tokens/tokenizer.ts';
import { Compressor } from './compress.ts';
import { passageOf, Ranker } from './rank.ts';
import { Readings } from './readings.ts';
import { gapMarker } from './render.ts';
import type { CompressFile, CompressRequest } from './request.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const wasm = (name: string) =>
  readFile(`${root}node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`);
const clock = { nowMs: () => performance.now(), sleep: async () => {}, yieldToHost: async () => {} };
const signal = new AbortController().signal;
const samples: CompressFile[] = readdirSync(`${root}test/fixtures/languages`).map((path) => ({
  path,
  languageId: languageOf(path),
  text: readFileSync(`${root}test/fixtures/languages/${path}`, 'utf8'),
}));
const sample = (path: string) => samples.find((file) => file.path === path)!;
const everything = samples.map(({ text }) => text).join('\n');
const tokenizer = Tokenizer.parse(tinyBpe(everything, { nMerges: 400, preTokenizer: 'stet' }));
const segments = new SegmentTokenizer(tokenizer);
const count = (text: string) => segments.encode(text).length;

let parsers: Parsers;
let compressor: Compressor;
beforeAll(async () => {
  parsers = await Parsers.load(
    wasm,
    await readFile(`${root}node_modules/web-tree-sitter/web-tree-sitter.wasm`),
  );
  compressor = new Compressor({ segments, clock, parsers });
});
afterAll(() => parsers.dispose());

const compress = (request: Partial<CompressRequest>) =>
  compressor.compress({ query: '', files: [], budgetTokens: 300, ...request }, signal);

async function errorsIn({ languageId }: CompressFile, text: string): Promise<number> {
  const tree = (await parsers.of(languageId))?.parse(text);
  const n = tree ? nErrors(tree) : 0;
  tree?.delete();
  return n;
}

test('files without a line break at their end are not over a budget that they fit into exactly', async () => {
  const files = Array.from({ length: 6 }, (_, i) => ({
    path: `f${i}.ts`,
    languageId: 'typescript',
    text: `export const a${i} = ${i};`,
  }));
  const { nTokensBefore } = await compress({ files, budgetTokens: 10_000 });
  const { nTokens, text } = await compress({ files, budgetTokens: nTokensBefore });
  expect([nTokens, nTokens <= nTokensBefore]).toEqual([count(text), true]);
});

describe('kept and dropped code', () => {
  const golden = [
    'cart.ts',
    'cart.py',
    'cart.go',
    'cart.rs',
    'Cart.java',
    'cart.cpp',
    'Cart.cs',
    'cart.rb',
    'cart.php',
    'cart.sh',
  ];
  test.each(golden)('of %s, asked about totals', async (path) => {
    const file = sample(path);
    const query = 'compute the total after the rebate';
    const { files, nTokens } = await compress({
      query,
      files: [file],
      budgetTokens: Math.floor(count(file.text) * 0.55),
    });
    expect(await errorsIn(file, files[0]!.text)).toBe(await errorsIn(file, file.text));
    expect(nTokens).toBeLessThan(count(file.text) * 0.55);
    await expect(files[0]!.text).toMatchFileSnapshot(`${root}test/fixtures/compressed/${path}.txt`);
  });

  test('the function that a question names is kept, in whichever file', async () => {
    for (const [query, name, path] of [
      ['how does parse_cart read lines', 'parse_cart', 'cart.py'],
      ['CartView checkout button', 'CartView', 'cart-view.tsx'],
      ['UnknownCode error of total in Rust', 'Cart', 'cart.rs'],
    ] as const) {
      const { parts } = await compress({ query, files: samples, budgetTokens: 500 });
      const kept = parts.filter(({ form }) => form !== 'dropped');
      expect(kept.map((part) => `${part.path} ${part.name}`)).toContain(`${path} ${name}`);
    }
  });
});

describe('what an index found', () => {
  test('is kept before what shares no more words, wherever its lines are now', async () => {
    const file = sample('cart.ts');
    const without = await compress({ query: 'zebra', files: [file], budgetTokens: 150 });
    const dropped = without.parts.filter(({ form, start, endExclusive }) => {
      return form === 'dropped' && count(file.text.slice(start, endExclusive)) < 75; // fits beside its class
    });
    expect(dropped.length).toBeGreaterThan(0);
    for (const { start, endExclusive, id } of dropped) {
      const lineAt = (offset: number) => file.text.slice(0, offset).split('\n').length - 1;
      const hits = [{ startLine: lineAt(start), endLine: lineAt(endExclusive - 1), score: 0.3 }];
      const found = await compress({ query: 'zebra', files: [{ ...file, hits }], budgetTokens: 150 });
      expect(found.parts.find((part) => part.id === id)?.form).not.toBe('dropped');
      expect(found.nTokens).toBeLessThanOrEqual(150);
    }
  });

  test('lines that the file no longer has do no harm', async () => {
    const hits = [{ startLine: 90_000, endLine: 90_001, score: Number.MAX_VALUE }];
    const request = { query: 'total', budgetTokens: 200 };
    const { text } = await compress({ ...request, files: [sample('cart.ts')] });
    const found = await compress({ ...request, files: [{ ...sample('cart.ts'), hits }] });
    expect(found.text).toBe(text);
  });
});

test('a function that is longer than the budget gives the statements that are asked for, under its signature', async () => {
  const steps = Array.from({ length: 60 }, (_, i) => `  const step${i} = compute(${i}, previous);\n`);
  steps[40] = '  const rebate = rebateOf(customer, season);\n';
  const text = `export function settle(customer: string) {\n${steps.join('')}}\n`;
  const file = { path: 'settle.ts', languageId: 'typescript', text };
  const budgetTokens = Math.floor(count(text) / 3);
  const { files, nTokens } = await compress({ query: 'the rebate of a season', files: [file], budgetTokens });
  expect(nTokens).toBeLessThanOrEqual(budgetTokens);
  expect(files[0]?.text).toContain('function settle(');
  expect(files[0]?.text).toContain(steps[40]);
  expect(await errorsIn(file, files[0]?.text ?? '')).toBe(0);
});

describe('whatever the budget', () => {
  test('it is kept, and everything written parses as the file did', async () => {
    const random = seededRandom(11);
    for (let round = 0; round < 30; round++) {
      const files = samples.filter(() => random() < 0.4);
      const budgetTokens = Math.floor(2 ** (3 + random() * 9));
      const query = ['total rebate', 'add an item', 'parse', ''][Math.floor(random() * 4)]!;
      const { text, nTokens, files: kept } = await compress({ query, files, budgetTokens });
      expect(nTokens).toBe(count(text));
      expect(nTokens).toBeLessThanOrEqual(budgetTokens);
      for (const { path, text: own } of kept) {
        const file = sample(path);
        expect(await errorsIn(file, own)).toBeLessThanOrEqual(await errorsIn(file, file.text));
        const lines = new Set(file.text.split('\n').map((line) => line.trim()));
        const added = own.split('\n').filter((line) => !lines.has(line.trim()));
        const marker = gapMarker(file.languageId);
        expect(added.filter((line) => ![marker, '...', ':', '# …'].includes(line.trim()))).toEqual([]);
      }
    }
  });

  test('files stay in the order given, and parts in the order of the file', async () => {
    const { files, parts } = await compress({ query: 'add', files: samples, budgetTokens: 900 });
    const order = samples.map(({ path }) => path);
    expect(files.map(({ path }) => path)).toEqual(
      order.filter((path) => files.some((file) => file.path === path)),
    );
    parts.forEach((part, i) => {
      const next = parts[i + 1];
      if (next?.path === part.path) expect(next.start).toBeGreaterThanOrEqual(part.endExclusive);
    });
  });

  test('a budget for everything keeps everything', async () => {
    const { files } = await compress({ query: 'x', files: samples, budgetTokens: 1_000_000 });
    for (const { path, text } of files) expect(text.trim()).toBe(sample(path).text.trim());
    expect(files).toHaveLength(samples.length);
  });

  test('the same request gives the same text; what was kept before stays when scores are close', async () => {
    const request = { query: 'total', files: samples, budgetTokens: 700 };
    const first = await compress(request);
    expect((await compress(request)).text).toBe(first.text);
    const kept = (result: typeof first) =>
      result.parts.flatMap(({ id, form }) => (form === 'dropped' ? [] : [id]));
    const moved = { ...request, query: 'total add' };
    const lost = (result: typeof first) => kept(first).filter((id) => !kept(result).includes(id)).length;
    const fresh = lost(await compress(moved));
    expect(lost(await compress({ ...moved, previous: kept(first) }))).toBeLessThanOrEqual(fresh);
  });
});

describe('what is kept from request to request', () => {
  test('changes no answer, whatever is edited and asked between', async () => {
    const clock = { nowMs: () => 0, sleep: async () => {}, yieldToHost: async () => {} }; // parsers never run out of time
    const random = seededRandom(5);
    const pick = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)] as T;
    const warm = new Compressor({ segments, clock, parsers });
    const files = samples.filter((_, i) => i % 5 === 0);
    const words = ['total', 'rebate of an item', 'parse lines\r\n', 'checkout', ''];
    for (let round = 0; round < 8; round++) {
      const at = Math.floor(random() * files.length);
      const { text, ...file } = files[at] as CompressFile;
      const from = Math.floor(random() * text.length);
      const removed = random() < 0.5 ? Math.floor(random() * 40) : 0;
      const edited = text.slice(0, from) + pick(['', 'x', '\n', '}\n', '"']) + text.slice(from + removed);
      if (random() < 0.6) files[at] = { ...file, text: edited }; // else the same files are asked again
      const request = { query: pick(words), files, budgetTokens: pick([40, 300, 900]) };
      const { ms: _, ...cold } = await new Compressor({ segments, clock, parsers }).compress(request, signal);
      expect(await warm.compress(request, signal)).toMatchObject(cold);
    }
  });

  test('the same text under another name or in another language is read anew where that matters', async () => {
    const warm = new Compressor({ segments, clock, parsers });
    const { text } = sample('cart.ts');
    for (const file of [
      { path: 'cart.ts', languageId: 'typescript', text },
      { path: 'other.ts', languageId: 'typescript', text },
      { path: 'cart.txt', languageId: 'plaintext', text },
    ]) {
      const request = { query: 'other total', files: [file], budgetTokens: 200 };
      const { ms: _, ...cold } = await compress(request);
      expect(await warm.compress(request, signal)).toMatchObject(cold);
    }
  });

  test('a file asked about again is not parsed again; one whose parser ran out of time is', async () => {
    let nowMs = 0;
    let nYields = 0; // one after each file that is parsed
    const counting = { ...clock, nowMs: () => nowMs, yieldToHost: async () => void nYields++ };
    const readings = new Readings(counting, parsers, true);
    const { text, languageId } = sample('cart.py');
    const long = text.repeat(40); // parsers look at the clock now and then only
    const impatient = { ...counting, nowMs: () => (nowMs += 3000) };
    const hurried = new Readings(impatient, parsers, true);
    expect((await hurried.of(languageId, long)).nErrors).toBeUndefined();
    expect((await hurried.of(languageId, long)).nErrors).toBeUndefined();
    expect(nYields).toBe(2);
    const first = await readings.of(languageId, text);
    expect(await readings.of(languageId, text.replaceAll('\n', '\r\n'))).toBe(first);
    expect(nYields).toBe(3);
    expect((await readings.of(languageId, `${text} `)).outline).not.toBe(first.outline);
    expect(nYields).toBe(4);
  });
});

describe('bad input', () => {
  test('a budget smaller than any piece gives nothing, and says so', async () => {
    const { text, nTokens, note } = await compress({
      query: 'total',
      files: [sample('cart.ts')],
      budgetTokens: 3,
    });
    expect(text).toBe('');
    expect(nTokens).toBe(0);
    expect(note).toMatch(/3 tokens/);
  });

  test('no files, empty files and files of white space', async () => {
    expect(await compress({ query: 'x' })).toMatchObject({
      text: '',
      note: 'There is no code in these files.',
    });
    const blank = [
      { path: 'a.ts', languageId: 'typescript', text: '' },
      { path: 'b.py', languageId: 'python', text: '\n \n' },
    ];
    expect((await compress({ query: 'x', files: blank })).parts).toEqual([]);
  });

  test('a minified file is kept whole or not at all', async () => {
    const text = `${'function a(b){return b+1}'.repeat(300)}\n`;
    const files = [{ path: 'a.min.js', languageId: 'javascript', text }, sample('cart.js')];
    const { files: kept } = await compress({ query: 'total of the cart', files, budgetTokens: 400 });
    expect(kept.map(({ path }) => path)).toEqual(['cart.js']);
  });

  test('broken code, and a language without a grammar', async () => {
    const { text } = sample('cart.ts');
    const files = [
      { path: 'broken.ts', languageId: 'typescript', text: text.slice(0, 900) + text.slice(950) },
      { path: 'notes.txt', languageId: 'klingon', text: 'total of carts\n\nnothing else\n' },
    ];
    const { files: kept, nTokens } = await compress({ query: 'total carts', files, budgetTokens: 250 });
    expect(nTokens).toBeLessThanOrEqual(250);
    expect(kept.length).toBeGreaterThan(0);
  });

  test('CR LF is read as LF', async () => {
    const file = sample('cart.ts');
    const files = [{ ...file, text: file.text.replaceAll('\n', '\r\n') }];
    const { text } = await compress({ query: 'total', files, budgetTokens: 300 });
    expect(text).toBe((await compress({ query: 'total', files: [file], budgetTokens: 300 })).text);
  });

  test('a query longer than any window', async () => {
    const { nTokens } = await compress({ query: everything.repeat(5), files: samples, budgetTokens: 300 });
    expect(nTokens).toBeGreaterThan(100);
  });

  test('an aborted request ends with its reason', async () => {
    const own = new AbortController();
    const reason = new Error('enough');
    const pending = compressor.compress({ query: 'total', files: samples, budgetTokens: 300 }, own.signal);
    own.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });
});

describe('with a model', () => {
  /** Writes on what followed the last place where the same two tokens stood: an induction head. */
  const copies = (context: readonly number[]) => {
    const [a, b] = context.slice(-2);
    for (let i = context.length - 3; i > 0; i--) {
      if (context[i] === b && context[i - 1] === a) return context[i + 1] as number;
    }
    return 0;
  };
  const model = () => new ScriptedModel(copies, tokenizer.nVocab);
  const passage = (text: string) => passageOf(text, segments.encode(text));

  test('what the query repeats is worth more than what it does not, and is remembered', async () => {
    const forward = model();
    const ranker = new Ranker(new CausalLm(forward, clock), undefined);
    const query = passage('total += item.price_cents * item.quantity');
    const near = await ranker.look(passage(sample('cart.py').text.slice(-900)), query, signal);
    const far = await ranker.look(passage('nothing to see here at all, only words\n'), query, signal);
    expect(near.ami).toBeGreaterThan(far.ami);
    const { nRun } = forward;
    expect(await ranker.look(passage('nothing to see here at all, only words\n'), query, signal)).toBe(far);
    expect(forward.nRun).toBe(nRun);
    // Another query runs on top of the piece's rows: only its own tokens, and the piece's last.
    const next = passage('def other(): pass');
    await ranker.look(passage('nothing to see here at all, only words\n'), next, signal);
    expect(forward.nRun - nRun).toBeLessThanOrEqual(2 * (next.tokens.length + 1));
  });

  test('a look that was aborted leaves the next one right', async () => {
    const piece = passage(sample('cart.go').text.slice(0, 600));
    const query = passage('known.Quantity += item.Quantity');
    const fresh = await new Ranker(new CausalLm(model(), clock), undefined).look(piece, query, signal);
    const slow = new ScriptedModel(copies, tokenizer.nVocab, 5);
    const ranker = new Ranker(new CausalLm(slow, clock), undefined);
    const own = new AbortController();
    const pending = ranker.look(piece, query, own.signal);
    setTimeout(() => own.abort(new Error('typed')), 8);
    await expect(pending).rejects.toThrow('typed');
    expect((await ranker.look(piece, query, signal)).ami).toBeCloseTo(fresh.ami, 5);
  });

  test('the answer keeps its promises', async () => {
    const ranker = new Ranker(new CausalLm(model(), clock), undefined);
    const asking = new Compressor({ segments, clock, parsers, ranker });
    const query = 'sum += item.priceCents * item.quantity;';
    const request = { query, files: samples, budgetTokens: 400, usesModel: true };
    const { nTokens, files } = await asking.compress(request, signal);
    expect(nTokens).toBeLessThanOrEqual(400);
    for (const { path, text } of files) {
      expect(await errorsIn(sample(path), text)).toBe(await errorsIn(sample(path), sample(path).text));
    }
  });
});
