/** Trees: the incremental tree is the tree, wasm memory does not grow, and slow or odd files have none. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TraceEvent } from '../base/ports.ts';
import { seededRandom } from '../testing/tiny-model.ts';
import { DocumentSnapshot } from '../text/snapshot.ts';
import { Parsers } from './parsers.ts';
import { regionAt } from './scopes.ts';
import { type TreeLimits, Trees } from './trees.ts';

const modules = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));
const grammar = (name: string) =>
  readFile(`${modules}@vscode/tree-sitter-wasm/wasm/tree-sitter-${name}.wasm`);
const source = 'class A {\n  f(x: number) {\n    return `a$\u007bx}` + "é🙂"; // why\n  }\n}\n';

let runtime: Uint8Array;
let parsers: Parsers;
let nowMs = 0;
const clock = { nowMs: () => nowMs, sleep: async () => {}, yieldToHost: async () => {} };
const loads: string[] = [];

const treesWith = (limits: Partial<TreeLimits> = {}) => new Trees(parsers, clock, limits);
const snapshot = (text: string, languageId = 'typescript', uri = 'file:///a', version = 1) =>
  new DocumentSnapshot(uri, languageId, version, text);

beforeAll(async () => {
  runtime = await readFile(`${modules}web-tree-sitter/web-tree-sitter.wasm`);
  parsers = await Parsers.load(async (name) => {
    loads.push(name);
    return name === 'go' ? undefined : grammar(name);
  }, runtime);
});
afterAll(() => parsers.dispose());

describe('Parsers', () => {
  test('loads a grammar once, at first use', async () => {
    expect(parsers.ready('python')).toBeUndefined();
    const [a, b] = await Promise.all([parsers.of('python'), parsers.of('python')]);
    expect(a).toBeDefined();
    expect(b).toBe(a);
    expect(parsers.ready('python')).toBe(a);
    expect(loads.filter((name) => name === 'python')).toHaveLength(1);
  });
  test('knows no parser where there is no grammar', async () => {
    expect(await parsers.of('klingon')).toBeUndefined();
    expect(await parsers.of('go')).toBeUndefined();
  });
  test('a broken grammar is a warning, not an error', async () => {
    const events: TraceEvent[] = [];
    const broken = await Parsers.load(
      async () => new Uint8Array([1, 2, 3]),
      runtime,
      (event) => events.push(event),
    );
    expect(await broken.of('rust')).toBeUndefined();
    expect(events).toMatchObject([{ kind: 'log', level: 'warn' }]);
  });
});

describe('Trees', () => {
  test('after any edits the tree is that of the text', async () => {
    const trees = treesWith();
    const random = seededRandom(3);
    const pieces = ['{', '}', '(', ')', ' x ', '"', '\n', '\r\n', 'é', '🙂', 'if (a) b;', '', '/*', '`'];
    let text = source.repeat(5);
    for (let version = 0; version < 150; version++) {
      const start = Math.floor(random() * (text.length + 1));
      const end = Math.min(text.length, start + Math.floor(random() * random() * 12));
      text = text.slice(0, start) + pieces[Math.floor(random() * pieces.length)] + text.slice(end);
      const kept = await trees.read(
        snapshot(text, 'typescript', 'file:///a', version),
        (tree) => tree.rootNode.endIndex,
      );
      expect(kept).toBe(text.length);
      if (version % 10 > 0) continue;
      const shape = (from: Trees) => from.read(snapshot(text), (tree) => tree.rootNode.toString());
      const fresh = treesWith();
      // Error recovery may differ, so shapes are compared where the text parses.
      const hasError = await fresh.read(snapshot(text), (tree) => tree.rootNode.hasError);
      if (!hasError) expect(await shape(trees)).toBe(await shape(fresh));
      fresh.dispose();
    }
    const mended = await trees.read(snapshot(source), (tree) => tree.rootNode.toString());
    expect(mended).toBe(await treesWith().read(snapshot(source), (tree) => tree.rootNode.toString()));
    trees.dispose();
  });

  test('readNow waits for nothing', async () => {
    const trees = treesWith();
    const read = () => trees.readNow(snapshot('a {}', 'css'), (tree) => tree.rootNode.type);
    expect(read()).toBeUndefined();
    await parsers.of('css');
    expect(read()).toBe('stylesheet');
  });

  test('old trees are deleted', async () => {
    const trees = treesWith({ nTrees: 2 });
    const deleted = new Set<string>();
    const open = (uri: string) =>
      trees.read(snapshot(source, 'typescript', uri), (tree) => {
        const real = tree.delete.bind(tree);
        tree.delete = () => {
          deleted.add(uri);
          real();
        };
      });
    await open('a');
    await open('b');
    await open('c');
    expect([...deleted]).toEqual(['a']);
    trees.forget('b');
    trees.dispose();
    expect([...deleted]).toEqual(['a', 'b', 'c']);
  });

  test('a change of language starts anew', async () => {
    const trees = treesWith();
    const type = (languageId: string) =>
      trees.read(snapshot('x = 1', languageId), (tree) => tree.rootNode.type);
    expect([await type('typescript'), await type('python'), await type('klingon')]).toEqual([
      'program',
      'module',
      undefined,
    ]);
  });

  test('too long: no tree; too slow: no tree for a while', async () => {
    expect(await treesWith({ maxLength: 3 }).read(snapshot('let a'), () => 1)).toBeUndefined();
    const trees = treesWith({ maxParseMs: 1, retryMs: 1000 });
    const long = source.repeat(3000);
    const slow = { ...clock, nowMs: () => nowMs++ }; // every look at the clock costs a millisecond
    const impatient = new Trees(parsers, slow, { maxParseMs: 1, retryMs: 1000 });
    expect(await impatient.read(snapshot(long), () => 1)).toBeUndefined();
    expect(await impatient.read(snapshot('let a'), () => 1)).toBeUndefined();
    nowMs += 2000;
    expect(await impatient.read(snapshot('let a'), () => 1)).toBe(1);
    expect(await trees.read(snapshot('let b'), (tree) => tree.rootNode.text)).toBe('let b');
  });
});

describe('regionAt', () => {
  const regionIn = async (marked: string, languageId = 'typescript') => {
    const [before = '', after = ''] = marked.split('█');
    return treesWith().read(snapshot(before + after, languageId), (tree) => regionAt(tree, before.length));
  };
  test('tells strings and comments from code', async () => {
    expect(await regionIn('f("a█b");')).toBe('string');
    expect(await regionIn('f("ab"█);')).toBe('code');
    expect(await regionIn('f(█"ab");')).toBe('code');
    expect(await regionIn('f(`a$\u007bb█}c`);')).toBe('code');
    expect(await regionIn('f(`a$\u007bb}█c`);')).toBe('string');
    expect(await regionIn('f(); // a█')).toBe('comment');
    expect(await regionIn('/* a */█ f();')).toBe('code');
    expect(await regionIn('f(/["█]/);')).toBe('string');
    expect(await regionIn('x = "a█"\n', 'python')).toBe('string');
    expect(await regionIn('# a█\nx = 1\n', 'python')).toBe('comment');
  });
  test('says nothing where the code does not parse', async () => {
    expect(await regionIn('f(("a█;\n}')).toBeUndefined();
  });
});
