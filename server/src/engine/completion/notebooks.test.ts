/** Notebooks: a cell is read as the end of what stands above it, by the model, by static analysis, and by nobody else. */

import { describe, expect, test } from 'vitest';
import type { SymbolOracle } from '../decoding/constraints/symbol-oracle.ts';
import { createEngine, type DocumentChange } from '../engine.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { scriptedSetting } from '../testing/scripted-setting.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { OpenDocuments } from './documents.ts';
import { precedingText } from './notebooks.ts';

const notebook = 'file:///data/sales.ipynb';
const cellUri = (name: string, path = '/data/sales.ipynb') => `vscode-notebook-cell:${path}#${name}`;

const cell = (text: string, languageId = 'python') => new DocumentSnapshot('cell:1', languageId, 1, text);

describe('what stands before a cell', () => {
  test('is the cells in its language, prose as comments, a blank line behind each', () => {
    const cells = [
      cell('# Sales\nBy month', 'markdown'),
      cell('import csv\n\n'),
      cell('select 1', 'sql'),
      cell(''),
    ];
    expect(precedingText(cells, 'python')).toBe('# # Sales\n# By month\n\nimport csv\n\n');
    expect(precedingText(cells, 'sql')).toBe('-- # Sales\n-- By month\n\nselect 1\n\n');
    expect(precedingText([], 'python')).toBe('');
  });

  test('has line feeds only, whatever the cells have', () => {
    const cells = [cell('# Sales\r\n\r\nBy month', 'markdown'), cell('a = 1\r\n%time f()\r\n')];
    expect(precedingText(cells, 'python')).toBe('# # Sales\n# \n# By month\n\na = 1\n# %time f()\n\n');
  });

  test('is Python without what only IPython reads', () => {
    const cells = [
      cell('%matplotlib inline\n!pip install x\nif a:\n  %time f()\nx = a \\\n% b'),
      cell('%%bash\nls'),
      cell('%%time\nslow()'),
    ];
    expect(precedingText(cells, 'python')).toBe(
      '# %matplotlib inline\n# !pip install x\nif a:\n  # %time f()\nx = a \\\n% b\n\n# %%time\nslow()\n\n',
    );
  });

  test('has bounds: of prose its beginning, of code the nearest cells, of binary nothing', () => {
    const prose = cell(`${'word '.repeat(20)}\n${'word '.repeat(200)}`, 'markdown');
    expect(precedingText([prose], 'python')).toBe(`# ${'word '.repeat(20).trim()}\n\n`);
    const long = `${'x = 1\n'.repeat(20_000)}`;
    expect(precedingText([cell(`first${long}`), cell(long), cell(long)], 'python').length).toBe(
      2 * long.length + 2,
    );
    expect(precedingText([cell('a\0b')], 'python')).toBe('');
  });
});

test('the cells of a notebook are those told last, whatever was told before', () => {
  const random = seededRandom(3);
  const documents = new OpenDocuments();
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) {
    documents.apply({ kind: 'open', uri: cellUri(name), languageId: 'python', version: 1, text: name });
  }
  for (let round = 0; round < 200; round++) {
    const cells = names
      .map((name) => ({ name, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ name }) => name)
      .slice(0, Math.floor(random() * 6));
    documents.apply({ kind: 'cells', uri: notebook, cells: cells.map((name) => cellUri(name)) });
    for (const name of names) {
      const at = cells.indexOf(name);
      const above = cells.slice(0, Math.max(0, at));
      expect(documents.preceding(cellUri(name))).toBe(above.map((one) => `${one}\n\n`).join(''));
      expect(documents.homeOf(cellUri(name))).toBe(at < 0 ? cellUri(name) : notebook);
      const snapshot = documents.get(cellUri(name)) as DocumentSnapshot;
      const others = names.filter((other) => other !== name && !above.includes(other));
      expect(
        documents
          .others(snapshot)
          .map(({ text }) => text)
          .sort(),
      ).toEqual(others);
    }
  }
});

const { tokenizer, metadata, end, middle } = scriptedSetting(2000);
const textOf = (ids: readonly number[]) =>
  new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => [...tokenizer.bytesOf(id)])));

/** An engine whose model calls the function that the text before the cursor defines first. */
function opened(
  cells: Readonly<Record<string, string>>,
  { path = '/data/sales.ipynb', oracle = undefined as SymbolOracle | undefined } = {},
) {
  const read: string[] = [];
  const model = new ScriptedModel((context) => {
    const written = textOf(context.slice(context.lastIndexOf(middle) + 1));
    read.push(written);
    const name = /def (\w+)/.exec(written)?.[1] ?? '';
    const done = /(\w*)$/.exec(written)?.[1] ?? '';
    const rest = name.startsWith(done) ? name.slice(done.length) : '';
    return rest === '' ? end : rest.charCodeAt(0);
  }, tokenizer.nVocab);
  const engine = createEngine(
    { name: 'scripted', metadata, tokenizer, forward: model, cacheMemoryMb: 10 },
    { clock: new FakeClock(), tracer: () => {}, ...(oracle && { oracle }) },
  );
  const texts = new Map(Object.entries(cells));
  const order = (names: readonly string[]) =>
    engine.edit({ kind: 'cells', uri: `file://${path}`, cells: names.map((name) => cellUri(name, path)) });
  let version = 1;
  const apply = (change: DocumentChange) => engine.edit(change);
  order([...texts.keys()]); // cells may be told of before they are opened
  for (const [name, text] of texts)
    apply({ kind: 'open', uri: cellUri(name, path), languageId: 'python', version, text });
  const ask = async (name: string, more: object = {}, trigger: 'automatic' | 'invoked' = 'invoked') => {
    read.length = 0;
    const settings = {
      maxLines: 2,
      maxTokens: 20,
      contextTokens: 0,
      debounceMs: 0,
      maxFileSizeKb: 100,
      editReuse: true,
      ...more,
    };
    const offset = texts.get(name)?.length ?? 0;
    const request = { uri: cellUri(name, path), version: versions.get(name) ?? 1, offset, trigger, settings };
    const result = await engine.complete(request, new AbortController().signal);
    return {
      ...result,
      text: result.suggestion?.text,
      prefix: read.find((one) => one.endsWith(`\n\n${texts.get(name)}`)),
    };
  };
  const versions = new Map<string, number>();
  const insert = (name: string, text: string) => {
    versions.set(name, ++version);
    texts.set(name, text + (texts.get(name) ?? ''));
    apply({
      kind: 'change',
      uri: cellUri(name, path),
      version,
      edits: [{ start: 0, endExclusive: 0, text }],
    });
  };
  return { ask, order, insert, engine };
}

const body = Array.from({ length: 12 }, (_, i) => `    total = total + months[${i}]\n`).join('');
const three = {
  one: `def total_of(months):\n${body}    return total`,
  two: 'months = [1, 2, 3]',
  three: 'total_',
};

describe('a suggestion in a cell', () => {
  test('names what a cell above defines, and reads the cells in their order', async () => {
    const { ask, order } = opened(three);
    const { text, prefix } = await ask('three');
    expect(text).toBe('of');
    expect(prefix).toBe(`${three.one}\n\n${three.two}\n\ntotal_`);
    order(['two', 'three', 'one']); // moved below
    expect(await ask('three')).toMatchObject({ prefix: `${three.two}\n\ntotal_`, outcome: 'empty' });
    order(['one', 'three']); // one is gone
    expect((await ask('three')).prefix).toBe(`${three.one}\n\ntotal_`);
    order([]); // closed
    expect((await ask('three')).outcome).toBe('empty');
  });

  test('keeps the rows of the cells above, from cell to cell and over an edit in one of them', async () => {
    const { ask, insert } = opened(three);
    const nAbove = three.one.length; // a token is a character here
    await ask('two');
    const next = await ask('three');
    expect(next.cost.nKept).toBeGreaterThan(nAbove);
    insert('one', '# Sums up.\n');
    const { cost, text } = await ask('three');
    expect(text).toBe('of');
    expect(cost.nShifted).toBeGreaterThan(nAbove / 2);
    expect(cost.nNew).toBeLessThan(nAbove / 2);
  });

  test('is for its own document: what a cell above leaves open ends there', async () => {
    const { ask } = opened({ one: 'def f(a, [\n"""', two: 'def g' });
    expect((await ask('two', { inStrings: false }, 'automatic')).outcome).not.toBe('quiet-string');
  });

  test('is not made where the notebook is excluded, by its path or by what it says above', async () => {
    const automatic = (it: ReturnType<typeof opened>, more = {}) => it.ask('two', more, 'automatic');
    const quiet = opened({ one: '# stet: off', two: 'x = ' });
    expect((await automatic(quiet)).outcome).toBe('quiet-marker');
    quiet.insert('two', '# stet: on\n');
    expect((await automatic(quiet)).outcome).not.toBe('quiet-marker');
    const plain = opened({ one: 'y = 1', two: 'x = ' });
    expect((await automatic(plain, { disabledPaths: ['**/*.ipynb'] })).outcome).toBe('quiet-path');
    const secret = opened({ one: 'y = 1', two: 'x = ' }, { path: '/data/credentials.ipynb' });
    expect((await secret.ask('two')).outcome).toBe('secret');
  });

  test('reads no cell that is a file of secrets', async () => {
    const { ask, engine } = opened({ one: 'y = 1', two: 'x = ' });
    const secret = 'file:///data/.env';
    engine.edit({ kind: 'open', uri: secret, languageId: 'python', version: 1, text: 'canary' });
    engine.edit({ kind: 'cells', uri: notebook, cells: [secret, cellUri('one'), cellUri('two')] });
    expect((await ask('two')).prefix).toBe('y = 1\n\nx = ');
  });
});

test('static analysis is asked about the cells above and the cell together', async () => {
  const asked: string[] = [];
  const oracle: SymbolOracle = {
    name: 'fake',
    serves: () => true,
    edit: () => {},
    symbols: async ({ text, offset }) => {
      asked.push(`${text.slice(0, offset)}█${text.slice(offset)}`);
      return undefined;
    },
    diagnostics: async () => [],
    dispose: async () => {},
  };
  const { ask } = opened({ one: 'def f(): ...', two: 'f.' }, { oracle });
  await ask('two');
  expect(asked).toContain('def f(): ...\n\nf.█');
});
