/** TypeScriptService: what it knows of places in real files on disk; █ is where the name would begin. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { SymbolSet, TriggerKind } from '../../../engine/decoding/constraints/symbol-oracle.ts';
import { parseMarked } from '../../../engine/testing/marked-text.ts';
import { TypeScriptService } from './service.ts';

const libFolder = path.resolve('node_modules/typescript/lib').replaceAll('\\', '/');
const patience = { timeout: 50_000, interval: 10 };
const unchanged = { start: 0, endExclusive: 0, text: '' };

interface Options {
  readonly kind?: TriggerKind;
  readonly name?: string;
  readonly languageId?: string;
  /** Other files of the folder, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

const strict = { 'tsconfig.json': '{ "compilerOptions": { "strict": true, "jsx": "preserve" } }' };

/** Opens a document in a folder of its own. */
async function open(
  text: string,
  { name = 'a.ts', languageId = 'typescript', files = strict }: Options = {},
) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-types-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const [file, content] of Object.entries({ ...files, [name]: text })) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), content);
  }
  const uri = pathToFileURL(path.join(folder, name)).href;
  const warm = new Set<string>();
  const logs: string[] = [];
  const service = new TypeScriptService({
    libFolder,
    nowMs: () => performance.now(),
    onWarm: (one) => warm.add(one),
    onCold: (one) => warm.delete(one),
    onLog: (message) => logs.push(message),
  });
  service.edit({ uri, languageId, version: 1, change: { ...unchanged, text } });
  await vi.waitUntil(() => warm.has(uri), patience);
  return { service, uri, folder, logs };
}

async function setAt(marked: string, options: Options = {}): Promise<SymbolSet | undefined> {
  const { text, offset } = parseMarked(marked);
  const { service, uri, logs } = await open(text, options);
  const set = service.symbols({ uri, kind: options.kind ?? 'member', offset, change: unchanged });
  expect(logs).toEqual([]);
  return set;
}

test('members of a declared type are a closed list, the receiver is named', async () => {
  const set = await setAt('interface Cat { meow(): void; purrs?: boolean }\ndeclare const cat: Cat;\ncat.█;');
  expect(set).toMatchObject({ isClosed: true, receiver: 'Cat' });
  expect([...(set?.names ?? [])].sort()).toEqual(['meow', 'purrs']);
});

test.each([
  ['any', 'declare const a: any; a.█;'],
  ['an unresolved import', "import { a } from './nowhere'; a.█;"],
  ['a comment', 'const a = ""; // a.█'],
  ['nothing declared', 'foo.█;'],
])('%s: nothing is known', async (_, marked) => expect(await setAt(marked)).toBeUndefined());

test.each([
  ['an index signature', 'declare const a: { x: number; [name: string]: number }; a.█;', 'x'],
  ['`this` in its own class', 'class A { x = 1; f() { this.█ } }', 'x'],
  [
    'a base class that does not resolve',
    "import { B } from './b'; class A extends B { x = 1 } new A().█;",
    'x',
  ],
  ['Object', 'declare const a: Object; a.█;', 'toString'],
])('%s: other names may exist', async (_, marked, name) => {
  const set = await setAt(marked);
  expect(set?.names).toContain(name);
  expect(set?.isClosed).toBe(false);
});

test.each([
  ['a union', 'declare const a: { x: 1; y: 2 } | { x: 3 }; a.█;', ['x']],
  ['an optional receiver', 'declare const a: { x: 1 } | undefined; a?.█;', ['x']],
  ['an enum', 'enum Color { red, green }; Color.█;', ['red', 'green']],
  ['a private name', 'export class A { #x = 1; static f(a: A) { a.█ } }', ['#x']],
  ['a name beyond ASCII', 'declare const a: { größe: 1 }; a.█;', ['größe']],
  ['quoted keys that are no names', 'declare const a: { "a-b": 1; c: 2 }; a.█;', ['c']],
  ['a name that is begun', 'declare const a: { length: 1; last: 2 }; a.█len;', ['length', 'last']],
  ['a broken file', 'declare const a: { x: 1 };\nfunction f( { if (a.█\n}', ['x']],
])('%s: the whole list', async (_, marked, names) => {
  const set = await setAt(marked);
  expect([...(set?.names ?? [])].sort()).toEqual([...names].sort());
  expect(set?.isClosed).toBe(true);
});

test('plain JavaScript is never closed where it is inferred', async () => {
  const options = { name: 'a.js', languageId: 'javascript', files: {} };
  expect(await setAt('const a = { x: 1 };\na.█;', options)).toMatchObject({ names: ['x'], isClosed: false });
  expect(await setAt('const a = "";\na.█;', options)).toMatchObject({ isClosed: true });
});

test.each([
  ['makes it', 'a.█;', false],
  ['may make it, farther on', 'a.has.█', false],
  ['reads it', 'f(a.█);', true],
  ['calls it', 'a.█(1);', true],
  ['reads it of an error', 'f(new TypeError().█);', false],
])('a statement of plain JavaScript that %s', async (_, statement, isClosed) => {
  const options = { name: 'a.js', languageId: 'javascript', files: {} };
  const set = await setAt(`const a = new Map();\nfunction f() {}\n${statement}`, options);
  expect(set).toMatchObject({ isClosed });
});

test.each<[TriggerKind, string, readonly string[]]>([
  ['import-name', "import { █ } from './b';", ['write', 'type']],
  ['object-key', 'declare function f(o: { read: 1; write?: 2 }): void;\nf({ █ });', ['read', 'write']],
  ['string-literal', "declare const a: 'read' | 'write';\nif (a === '█') {}", ['read', 'write']],
])('%s', async (kind, marked, names) => {
  const files = { ...strict, 'b.ts': 'export const write = 1;' };
  const set = await setAt(marked, { kind, files });
  expect([...(set?.names ?? [])].sort()).toEqual([...names].sort());
  expect(set?.isClosed).toBe(true);
});

test('texts of which the type names only some: others may be written', async () => {
  const { service, uri, logs } = await open('export {};\n');
  for (const marked of [
    "const a: 'read' | (string & {}) = '█';",
    `declare function f(a: 'read' | \`x-\${string}\`): void;\nf('█');`,
    "declare function f<A extends 'read' | (string & {})>(a: A): void;\nf('█');",
    "const a: { b?: 'read' | (string & {}) } = { b: '█' };",
    "declare const a: 'read' | (string & {});\nif (a === '█') {}",
    "declare const a: 'read' | Uppercase<string>;\nswitch (a) { case '█': }",
  ]) {
    const { text, offset } = parseMarked(marked);
    const change = { ...unchanged, text };
    const set = service.symbols({ uri, kind: 'string-literal', offset, change });
    expect(set?.names, marked).toContain('read');
    expect(set?.isClosed, marked).toBe(false);
  }
  expect(logs).toEqual([]);
});

test('arity', async () => {
  const set = await setAt('declare function f(a: number, b?: string): void;\nf(█)', { kind: 'call-arity' });
  expect(set?.arity).toEqual({ min: 1, max: 2 });
});

test('names and types in scope, and no names where one is declared', async () => {
  const before = 'interface Cat {}\nconst dog = 1;\n';
  const values = await setAt(`${before}const x = █;`, { kind: 'identifier' });
  expect(values?.names).toEqual(expect.arrayContaining(['dog', 'Math']));
  expect(values?.names).not.toContain('Cat');
  const types = await setAt(`${before}const x: █ = 1;`, { kind: 'type-name' });
  expect(types?.names).toContain('Cat');
  expect(await setAt(`${before}const █ = 1;`, { kind: 'identifier' })).toBeUndefined();
});

test('an edit is known at once, a new import and another file after a new program', async () => {
  const old = 'export const a = "";\n';
  const { service, uri, folder } = await open(old);
  const text = 'export interface Fresh { born: 1 }\ndeclare const f: Fresh;\nf.';
  const all = { start: 0, endExclusive: old.length };
  service.edit({ uri, languageId: 'typescript', version: 2, change: { ...all, text } });
  const ask = (offset: number) => service.symbols({ uri, kind: 'member', offset, change: unchanged })?.names;
  expect(ask(text.length)).toEqual(['born']);
  fs.writeFileSync(path.join(folder, 'late.ts'), 'export declare const late: { arrived: 1 };');
  const next = "import { late } from './late';\nlate.";
  service.edit({
    uri,
    languageId: 'typescript',
    version: 3,
    change: { start: 0, endExclusive: text.length, text: next },
  });
  expect(ask(next.length)).toBeUndefined();
  await vi.waitUntil(() => ask(next.length) !== undefined, { timeout: 50_000, interval: 2000 });
  expect(ask(next.length)).toEqual(['arrived']);
});

test('what a script declares anew is known after a new program', async () => {
  const { service, uri } = await open('const a = "";\n');
  const text = 'interface Fresh { born: 1 }\ndeclare const f: Fresh;\nf.';
  service.edit({ uri, languageId: 'typescript', version: 2, change: { start: 0, endExclusive: 14, text } });
  const ask = () => service.symbols({ uri, kind: 'member', offset: text.length, change: unchanged })?.names;
  await vi.waitUntil(() => ask() !== undefined, { timeout: 50_000, interval: 2000 });
  expect(ask()).toEqual(['born']);
});

test('where the compiler gives up on one document, the others are still known as they are edited', async () => {
  const text = 'export const a = { first: 1 };\n';
  const { service, uri, folder, logs } = await open(text);
  const tooDeep = { ...unchanged, text: `export const b = ${'['.repeat(50_000)}` };
  const other = pathToFileURL(path.join(folder, 'b.ts')).href;
  service.edit({ uri: other, languageId: 'typescript', version: 1, change: tooDeep });
  await vi.waitUntil(() => logs.length > 0, patience);
  const end = { start: text.length, endExclusive: text.length };
  service.edit({ uri, languageId: 'typescript', version: 2, change: { ...end, text: 'a.' } });
  const ask = () =>
    service.symbols({ uri, kind: 'member', offset: text.length + 2, change: unchanged })?.names;
  expect(ask()).toEqual(['first']);
});

test('errors of a stretch, and of the whole file', async () => {
  const text = 'declare const a: { x: 1 };\na.gone;\nfunction f() {\n  a.nope;\n  a.x;\n}\nexport {};\n';
  const { service, uri } = await open(text);
  const ask = (start: number, endExclusive: number) =>
    service.diagnostics({ uri, change: unchanged, start, endExclusive }, () => false);
  const all = await ask(0, text.length);
  expect(all?.map(({ start }) => text.slice(start, start + 4))).toEqual(['gone', 'nope']);
  const from = text.indexOf('a.nope');
  expect((await ask(from, from + 8))?.map(({ message }) => message)).toEqual([
    "TS2339 Property 'nope' does not exist on type '{ x: 1; }'.",
  ]);
  expect(await ask(from + 8, text.length - 1)).toEqual([]);
});

test('a name that another module exports lacks its import, and is no error; one that nobody has is', async () => {
  const text =
    'import type { Entry } from "./ledger";\nexport const a = total([]);\nexport const b = nothing([]);\n';
  const ledger = 'export interface Entry {}\nexport const total = (entries: Entry[]) => entries.length;\n';
  const { service, uri } = await open(text, { files: { ...strict, 'ledger.ts': ledger } });
  const range = { start: 0, endExclusive: text.length };
  const errors = await service.diagnostics({ uri, change: unchanged, ...range }, () => false);
  expect(errors?.map(({ message }) => message)).toEqual(["TS2304 Cannot find name 'nothing'."]);
});

test('a configuration that is broken, that names nothing or that refers to another is no obstacle', async () => {
  const cat = 'interface Cat { meow(): void }\ndeclare const cat: Cat;\ncat.█;';
  for (const files of [
    { 'tsconfig.json': '{ "compilerOptions": { "lib": ["nonsense"], ' },
    { 'tsconfig.json': '{ "extends": "./nowhere.json" }' },
    {
      'tsconfig.json': '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }',
      'tsconfig.app.json': '{ "include": ["*.ts"] }',
    },
  ]) {
    expect((await setAt(cat, { files }))?.names).toEqual(['meow']);
  }
});
