/** Chunker: every character is in one chunk whatever the text, symbols are named, ids survive edits elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { languageOf } from '../../node/language-of.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import type { Chunk } from './chunk.ts';
import { chunkSource } from './chunk-source.ts';
import { type ChunkLimits, chunkText } from './chunker.ts';
import { Parsers } from './parsers.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const wasm = (name: string) =>
  readFile(`${root}node_modules/@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`);
const clock = { nowMs: () => performance.now(), sleep: async () => {}, yieldToHost: async () => {} };
const samples = readdirSync(`${root}test/fixtures/languages`).map((name) => ({
  name,
  languageId: languageOf(name),
  text: readFileSync(`${root}test/fixtures/languages/${name}`, 'utf8'),
}));

let parsers: Parsers;
beforeAll(async () => {
  parsers = await Parsers.load(
    wasm,
    await readFile(`${root}node_modules/web-tree-sitter/web-tree-sitter.wasm`),
  );
});
afterAll(() => parsers.dispose());

async function chunked(text: string, languageId: string, limits?: Partial<ChunkLimits>): Promise<Chunk[]> {
  const tree = (await parsers.of(languageId))?.parse(text);
  try {
    return chunkText(text, languageId, tree ?? undefined, limits);
  } finally {
    tree?.delete();
  }
}

const nonBlank = (text: string) => text.replace(/\s+/g, '');

/** Everything that is promised of the chunks of any text. */
function checkChunks(text: string, chunks: readonly Chunk[], maxSize = 1200): void {
  let at = 0;
  for (const { start, endExclusive } of chunks) {
    expect(start).toBeGreaterThanOrEqual(at);
    expect(endExclusive).toBeGreaterThan(start);
    expect(nonBlank(text.slice(at, start))).toBe('');
    expect(nonBlank(text.slice(start, endExclusive)).length).toBeLessThanOrEqual(maxSize);
    at = endExclusive;
  }
  expect(nonBlank(text.slice(at))).toBe('');
  expect(new Set(chunks.map(({ id }) => id)).size).toBe(chunks.length);
  for (const { id } of chunks) expect(id).toMatch(/^[0-9a-f]{16}$/);
}

const outline = (chunks: readonly Chunk[]) => chunks.map(({ kind, name }) => `${kind} ${name}`);

describe('every character that is not white space is in exactly one chunk', () => {
  test.each(samples)('of $name, at every size of chunk', async ({ text, languageId }) => {
    for (const maxSize of [16, 60, 200, 1200]) {
      const limits = { maxSize, maxClassSize: maxSize / 3, minSymbolSize: maxSize / 15 };
      checkChunks(text, await chunked(text, languageId, limits), maxSize);
    }
  });

  test('of this repository', async () => {
    const files = readdirSync(`${root}server/src/engine`, { recursive: true, encoding: 'utf8' });
    const sources = files.filter((file) => file.endsWith('.ts'));
    expect(sources.length).toBeGreaterThan(50);
    for (const file of sources) {
      const text = readFileSync(path.join(root, 'server/src/engine', file), 'utf8');
      checkChunks(text, await chunked(text, 'typescript'));
    }
  });

  test('of broken code: random pieces cut out, doubled and moved', async () => {
    const random = seededRandom(7);
    for (const { text, languageId } of samples) {
      let broken = text;
      for (let i = 0; i < 12; i++) {
        const at = Math.floor(random() * broken.length);
        const length = Math.floor(random() * 40);
        const piece = ['', broken.slice(at, at + length), '}', '"""', '\n', '🙂'][Math.floor(random() * 6)];
        broken = broken.slice(0, at) + piece + broken.slice(at + length);
        checkChunks(broken, await chunked(broken, languageId));
        const limits = { maxSize: 50, maxClassSize: 20, minSymbolSize: 10 };
        checkChunks(broken, await chunked(broken, languageId, limits), 50);
      }
    }
  });

  test.each([
    ['nothing', ''],
    ['only white space', ' \n\t\r\n\u00a0\ufeff'],
    ['one line without an end', 'x'],
    ['a huge line', `const a = [${'1234, '.repeat(3000)}];`],
    ['a huge word', 'a'.repeat(5000)],
    ['surrogate pairs', `// ${'🙂'.repeat(2000)}`],
    ['a huge comment', `/*\n${'words and words\n'.repeat(500)}*/ f();`],
    ['deep nesting', `${'('.repeat(3000)}1${')'.repeat(3000)}`],
    ['a lone carriage return', 'a\rb\rc'],
  ])('of %s', async (_, text) => {
    for (const languageId of ['typescript', 'python', 'plaintext']) {
      const chunks = await chunked(text, languageId);
      checkChunks(text, chunks);
      for (const { start, endExclusive } of chunks) {
        expect(text.slice(start, endExclusive)).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
      }
    }
  });

  test('of a text too long for a tree', async () => {
    const text = 'const x = 1;\n'.repeat(90_000);
    checkChunks(text, await chunkSource(text, 'typescript', parsers, clock));
  });
});

describe('symbols', () => {
  const fine = { maxClassSize: 100, minSymbolSize: 40 };

  test.each([
    [
      'cart.ts',
      ['interface Item', 'class Cart', 'method Cart.add', 'method Cart.total', 'function parseCart'],
    ],
    ['cart-view.tsx', ['interface Props', 'function CartView', 'function CartBadge']],
    ['cart.js', ['function Cart', 'function Cart.prototype.add', 'function exports.total']],
    ['cart.py', ['class Item', 'class Cart', 'method Cart.add', 'method Cart.total', 'function parse_cart']],
    ['cart.go', ['class Item', 'class Cart', 'function New', 'method Cart.Add', 'method Cart.Total']],
    ['cart.rs', ['class Item', 'enum CartError', 'interface Priced', 'method Cart.add', 'class Cart']],
    [
      'Cart.java',
      ['class Cart', 'class Cart.Item', 'enum Cart.Code', 'method Cart.add', 'method Cart.toString'],
    ],
    ['cart.c', ['class item', 'function find', 'function cart_add', 'function cart_total']],
    ['cart.cpp', ['class shop.Item', 'class shop.Cart', 'method shop.Cart.add', 'function shop.Cart.total']],
    [
      'Cart.cs',
      [
        'class Shop.Carts.Item',
        'class Shop.Carts.Cart',
        'method Shop.Carts.Cart.Add',
        'method Shop.Carts.Cart.Total',
      ],
    ],
    [
      'cart.rb',
      ['class Shop.Cart', 'method Shop.Cart.add', 'method Shop.Cart.total', 'method Shop.Cart.parse'],
    ],
    ['cart.php', ['class Item', 'class Cart', 'method Cart.add', 'method Cart.total', 'function parse_line']],
    ['cart.sh', ['function total', 'function price_of']],
  ])('of %s have their kinds and names', async (name, expected) => {
    const { text, languageId } = samples.find((sample) => sample.name === name)!;
    const chunks = await chunked(text, languageId, fine);
    expect(outline(chunks)).toEqual(expect.arrayContaining(expected));
  });

  test('a member knows what encloses it and what its comment says', async () => {
    const docs: Record<string, string> = {};
    const headers: Record<string, string> = {};
    for (const { name, text, languageId } of samples) {
      const add = (await chunked(text, languageId, fine)).find((chunk) => /\b[aA]dd$/.test(chunk.name));
      if (add) Object.assign(docs, { [name]: add.doc }) && Object.assign(headers, { [name]: add.header });
    }
    const says = 'Adds an item, or more of it.';
    expect(docs).toMatchObject({ 'cart.ts': says, 'cart.py': says, 'Cart.cs': says, 'cart.rs': says });
    expect(docs).toMatchObject({ 'Cart.java': says, 'cart.rb': says, 'cart.php': says, 'cart.js': says });
    expect(docs).toMatchObject({ 'cart.cpp': says, 'cart.go': 'Add puts an item in, or more of it.' });
    expect(headers).toMatchObject({
      'cart.ts': '@observable export class Cart extends EventEmitter',
      'cart.py': '@dataclass class Cart',
      'cart.rs': 'impl Cart',
      'Cart.cs': 'namespace Shop.Carts\n[Serializable] public sealed class Cart',
      'cart.rb': 'module Shop\nclass Cart',
    });
  });

  test('the comment and the decorators before a symbol are in its chunk', async () => {
    const { text } = samples.find(({ name }) => name === 'cart.ts')!;
    const add = (await chunked(text, 'typescript')).find(({ name }) => name === 'Cart.add')!;
    expect(text.slice(add.start, add.endExclusive)).toMatch(/^ {2}\/\*\* Adds [\s\S]*@logged[\s\S]* {2}\}$/);
  });

  test('the parts of a long function are its own, under its signature', async () => {
    const body = Array.from({ length: 60 }, (_, i) => `  total += step${i}(value, ${i} * factor);`).join(
      '\n',
    );
    const text = `/** Sums. */\nexport function sum(value: number): number {\n  let total = 0;\n${body}\n  return total;\n}\n`;
    const [first, second, ...rest] = await chunked(text, 'typescript');
    expect(first).toMatchObject({ kind: 'function', name: 'sum', header: '', doc: 'Sums.' });
    const header = 'export function sum(value: number): number';
    expect(second).toMatchObject({ kind: 'function', name: 'sum', header, doc: '' });
    expect(outline(rest).every((line) => line === 'function sum')).toBe(true);
  });

  test('a file without a grammar is text', async () => {
    const chunks = await chunkSource('a = 1\n\nb = 2\n', 'klingon', parsers, clock);
    expect(chunks).toMatchObject([{ kind: 'text', name: '', header: '', doc: '' }]);
  });
});

describe('ids', () => {
  test.each(samples)(
    'of $name survive line ends, indentation and text added above',
    async ({ name, text, languageId }) => {
      const ids = async (source: string) => (await chunked(source, languageId)).map(({ id }) => id);
      const before = await ids(text);
      expect(await ids(text.replaceAll('\n', '\r\n'))).toEqual(before);
      if (!/php|md/.test(name)) {
        const mark =
          languageId === 'python' || languageId === 'ruby' || languageId === 'shellscript' ? '#' : '//';
        const after = await ids(`${mark} A comment of its own.\n\n\n${text}`);
        expect(before.filter((id) => !after.includes(id)).length).toBeLessThanOrEqual(1);
      }
    },
  );

  test('an edit changes the chunks that it touches, and no others', async () => {
    const random = seededRandom(3);
    const file = readFileSync(`${root}server/src/engine/model/reuse.ts`, 'utf8');
    const before = await chunked(file, 'typescript');
    expect(before.length).toBeGreaterThan(8);
    for (let i = 0; i < 60; i++) {
      const touched = Math.floor(random() * before.length);
      const { start, endExclusive } = before[touched]!;
      const words = [...file.slice(start, endExclusive).matchAll(/[a-z]\w{2,}/g)];
      const word = words[Math.floor(random() * words.length)]!;
      const at = start + word.index + 1;
      const after = await chunked(`${file.slice(0, at)}q${file.slice(at)}`, 'typescript');
      const ids = new Set(after.map(({ id }) => id));
      const lost = before.filter(({ id }) => !ids.has(id));
      // A word of a signature is also in the path of the symbol's parts.
      const isInside = (chunk: Chunk) => chunk.name.startsWith(before[touched]!.name.split(/[.,]/)[0]!);
      expect(
        lost.filter((chunk) => chunk !== before[touched] && !isInside(chunk)).length,
      ).toBeLessThanOrEqual(1);
    }
  });

  test('a long run of small parts moves few cuts when a line is added at its start', async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `set("key${i * 7919}", ${i});`);
    for (const languageId of ['javascript', 'plaintext']) {
      const text = lines.join(languageId === 'plaintext' ? '\n\n' : '\n');
      const before = await chunked(text, languageId);
      const after = new Set((await chunked(`put("another", 1);\n\n${text}`, languageId)).map(({ id }) => id));
      expect(before.length).toBeGreaterThan(30);
      expect(before.filter(({ id }) => !after.has(id)).length).toBeLessThan(8);
    }
  });

  test('equal chunks of one file have different ids', async () => {
    const twin = `it("does the same", () => {\n  expect(value).toBe(another);\n});\n\n`;
    const chunks = await chunked(twin.repeat(80), 'typescript', { maxSize: 100 });
    checkChunks(twin.repeat(80), chunks);
  });
});
