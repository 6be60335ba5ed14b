/** Monitor: what it forbids and what it leaves alone, with the embedded model's tokenizer; █ is the cursor. */

import fs from 'node:fs';
import { expect, test } from 'vitest';
import { BracketScanner } from '../../syntax/brackets.ts';
import { languageOf } from '../../syntax/languages.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { parseMarked } from '../../testing/marked-text.ts';
import { Tokenizer } from '../../tokens/tokenizer.ts';
import { pickWith } from './constraint.ts';
import { Monitor } from './monitor.ts';
import { Remembered } from './remembered.ts';
import type { SymbolQuery, SymbolSet, TriggerKind } from './symbol-oracle.ts';
import { TokenShapes } from './token-shapes.ts';

const tokenizer = Tokenizer.parse(JSON.parse(fs.readFileSync('model/tokenizer.json', 'utf8')));
const shapes = new TokenShapes(tokenizer);
const signal = new AbortController().signal;
const decoder = new TextDecoder();
const allKinds: TriggerKind[] = [
  'member',
  'import-name',
  'import-path',
  'object-key',
  'string-literal',
  'jsx-tag',
  'jsx-attribute',
  'type-name',
  'call-arity',
  'identifier',
];

type Answers = (query: SymbolQuery) => SymbolSet | undefined;

function monitorAt(
  marked: string,
  answer: Answers,
  languageId = 'typescript',
  kinds = allKinds,
  remembered = new Remembered(new FakeClock()),
) {
  const { before, after } = parseMarked(marked);
  const queries: SymbolQuery[] = [];
  const clock = new FakeClock();
  const oracle = {
    symbols: async (query: SymbolQuery) => {
      queries.push(query);
      return answer(query);
    },
  };
  const monitor = new Monitor(
    { oracle, shapes, clock, remembered },
    {
      uri: 'file:///a.ts',
      languageId,
      textBefore: before,
      textAfter: after,
      scanner: new BracketScanner(languageOf(languageId)).run(before),
      kinds: new Set(kinds),
    },
  );
  return { monitor, queries, clock };
}

/** Has `wanted` written behind █ and says which of its tokens are refused, and what was asked: `receiver|`. */
async function write(marked: string, wanted: string, answer: Answers | string[], languageId = 'typescript') {
  const closed =
    (names: string[]): Answers =>
    ({ kind }) =>
      kind === 'member' ? { names, isClosed: true } : undefined;
  const { monitor, queries } = monitorAt(marked, Array.isArray(answer) ? closed(answer) : answer, languageId);
  const refused: string[] = [];
  for (const token of tokenizer.encode(wanted)) {
    await pickWith(monitor, () => token, signal);
    if (monitor.bias(token) === -Infinity) refused.push(decoder.decode(tokenizer.bytesOf(token)));
    monitor.accept(token);
  }
  const asked = queries.map(
    ({ kind, text, offset }) => `${kind} ${text.slice(Math.max(0, offset - 8), offset)}|`,
  );
  return { refused: refused.join(' '), asked };
}

const members = ['push', 'pop', 'length', 'pushAll', '#secret', 'größe', 'toString'];

test.each([
  ['the cursor behind the dot', 'list.█;', 'push(1)'],
  ['a dot in the token', 'list█;', '.push(1)'],
  ['a receiver and a dot in what is written', '█', 'list.push(1);\nlist.length'],
  ['a chain', 'a = █', 'list.pop().toString().length;'],
  ['an optional chain', 'a = █', 'list?.pop()?.[0]?.length ?? 1;'],
  ['a name that is the beginning of another', 'list.█', 'pushAll(list.push)'],
  ['a name begun before the cursor', 'list.pu█', 'shAll(x)'],
  ['a private name', 'this.█', '#secret = 1'],
  ['a name beyond ASCII', 'this.█', 'größe + 1'],
  ['a line break before the dot', 'list\n█', '  .push(1)\n  .length'],
])('%s: real names pass', async (_, marked, wanted) => {
  const { refused, asked } = await write(marked, wanted, members);
  expect(refused).toBe('');
  expect(asked.some((one) => one.startsWith('member'))).toBe(true);
});

test.each([
  ['the cursor behind the dot', 'list.█;', 'fooBar(1)'],
  ['a dot in the token', 'list█;', '.fooBar(1)'],
  ['a chain', 'a = █', 'list.pop().fooBar'],
  ['an optional chain', 'a = █', 'list?.fooBar'],
  ['a longer name', 'list.█', 'lengths'],
  ['a name that ends too early', 'list.█', 'pus(1)'],
  ['a name begun before the cursor', 'list.pu█', 'll(x)'],
  ['a private name', 'this.█', '#secrets = 1'],
  ['a name beyond ASCII', 'this.█', 'größer + 1'],
  ['inside a template', 'a = `x ${list█', '.fooBar}`'],
])('%s: invented names are refused', async (_, marked, wanted) => {
  const { refused } = await write(marked, wanted, members);
  expect(refused).not.toBe('');
});

test.each([
  ['a comment', '// list█', '.fooBar'],
  ['a block comment', '/* list█', '.fooBar */'],
  ['a string', 'a = "list█', '.fooBar"'],
  ['a template', 'a = `list█', '.fooBar`'],
  ['a regular expression', 'a = /list█', '.fooBar/'],
  ['a fraction', 'a = 1█', '.5 + x'],
  ['a number', 'a = 1█', '.toFixed'],
  ['a spread', 'f(█', '...fooBar)'],
])('%s is no member access', async (_, marked, wanted) => {
  const { refused, asked } = await write(marked, wanted, members);
  expect(refused).toBe('');
  expect(asked.filter((one) => one.startsWith('member'))).toEqual([]);
});

test('what is no name is refused behind a dot whose names are known, white space as well', async () => {
  const { monitor } = monitorAt('list.█', () => ({ names: members, isClosed: true }));
  const [name = -1, ...others] = ['push', ';', '\n', ' '].map((one) => tokenizer.encode(one)[0] ?? -1);
  for (const other of others) expect(monitor.bias(other)).toBe(0);
  await pickWith(monitor, () => name, signal);
  expect(monitor.bias(name)).toBe(0);
  for (const other of others) expect(monitor.bias(other)).toBe(-Infinity);
});

test('a text ends neither behind a dot nor in the middle of a name', async () => {
  const { monitor } = monitorAt('list.█', () => ({ names: ['lengthOfIt'], isClosed: true }));
  const end = [...tokenizer.controlTokens.values()][0] as number;
  await pickWith(monitor, () => end, signal);
  expect(monitor.bias(end)).toBe(-Infinity);
  for (const token of tokenizer.encode('length')) {
    await pickWith(monitor, () => token, signal);
    monitor.accept(token);
  }
  expect(monitor.bias(end)).toBe(-Infinity);
  for (const token of tokenizer.encode('OfIt')) monitor.accept(token);
  expect(monitor.bias(end)).toBe(0);
});

test('names in scope are asked about once, and names written since are known', async () => {
  const answer = only('identifier', ['read', 'write']);
  const { asked } = await write('█', 'const a = read + 1;\nconst b = a + write;', answer);
  expect(asked.filter((one) => one.startsWith('identifier'))).toHaveLength(1);
  expect((await write('█', 'const a = read;\nconst b = a;\nconst c = fooBar;', answer)).refused).not.toBe('');
});

test('the receiver is asked about in the text as it would be', async () => {
  const { asked } = await write('const n = █;', 'list.pop().length', members);
  expect(asked).toEqual(expect.arrayContaining(['member  = list.|', 'member t.pop().|']));
});

test('names in a list that is open cost something and are not forbidden', async () => {
  const { monitor } = monitorAt('this.█', () => ({ names: ['push'], isClosed: false }));
  const [token = -1] = tokenizer.encode('fooBar');
  await pickWith(monitor, () => token, signal);
  expect(monitor.bias(token)).toBeLessThan(0);
  expect(monitor.bias(token)).toBeGreaterThan(-Infinity);
});

test('nothing is forbidden where nobody knows, where nothing fits what is begun, and where the oracle fails', async () => {
  expect((await write('list.█', 'fooBar', () => undefined)).refused).toBe('');
  expect((await write('list.zz█', 'fooBar', members)).refused).toBe('');
  const failing = () => {
    throw new Error('broken');
  };
  expect((await write('list.█', 'fooBar', failing)).refused).toBe('');
});

test('who is late is not waited for, and is not listened to afterwards', async () => {
  const { before, after } = parseMarked('list.█');
  const clock = new FakeClock();
  let answer = (_: SymbolSet) => {};
  const oracle = { symbols: () => new Promise<SymbolSet>((resolve) => (answer = resolve)) };
  const scanner = new BracketScanner(languageOf('typescript')).run(before);
  const place = {
    uri: 'file:///a.ts',
    languageId: 'typescript',
    textBefore: before,
    textAfter: after,
    scanner,
  };
  const monitor = new Monitor({ oracle, shapes, clock }, { ...place, kinds: new Set(allKinds) });
  const [token = -1] = tokenizer.encode('fooBar');
  const picked = pickWith(monitor, () => token, signal);
  clock.advance(1000);
  expect(await picked).toBe(token);
  answer({ names: members, isClosed: true });
  await Promise.resolve();
  expect(monitor.bias(token)).toBe(0);
  expect(monitor.masks).toMatchObject([{ kind: 'member', isLate: true }]);
});

test('a request that is aborted while it waits rejects with the reason', async () => {
  const { before, after } = parseMarked('list.█');
  const oracle = { symbols: () => new Promise<undefined>(() => {}) };
  const scanner = new BracketScanner(languageOf('typescript')).run(before);
  const place = {
    uri: 'file:///a.ts',
    languageId: 'typescript',
    textBefore: before,
    textAfter: after,
    scanner,
  };
  const monitor = new Monitor(
    { oracle, shapes, clock: new FakeClock() },
    { ...place, kinds: new Set(allKinds) },
  );
  const controller = new AbortController();
  const reason = new Error('typed on');
  const picked = pickWith(monitor, () => tokenizer.encode('fooBar')[0] ?? 0, controller.signal);
  controller.abort(reason);
  await expect(picked).rejects.toBe(reason);
});

test('the place of the cursor is asked about ahead, once', async () => {
  const { monitor, queries } = monitorAt('list.█', () => ({ names: members, isClosed: true }));
  monitor.prefetch(signal);
  const [token = -1] = tokenizer.encode('fooBar');
  await pickWith(monitor, () => token, signal);
  expect(monitor.bias(token)).toBe(-Infinity);
  expect(queries.filter(({ kind }) => kind === 'member')).toHaveLength(1);
});

/** Writes `wanted` behind █, and says what was asked and refused. */
async function writeAfter(remembered: Remembered, marked: string, wanted: string, names: string[]) {
  const answer = only('member', names);
  const { monitor, queries } = monitorAt(marked, answer, 'typescript', ['member'], remembered);
  let nRefused = 0;
  for (const token of tokenizer.encode(wanted)) {
    await pickWith(monitor, () => token, signal);
    if (monitor.bias(token) < 0) nRefused++;
    monitor.accept(token);
  }
  return { asked: queries.map(({ text, offset }) => text.slice(0, offset)), nRefused, masks: monitor.masks };
}

test('a receiver that was asked about is not asked about again, and what was said of it counts', async () => {
  const remembered = new Remembered(new FakeClock());
  const once = await writeAfter(remembered, 'f(█)', 'list.push, list.pop, list.fooBar', members);
  expect(once.asked).toEqual(['f(list.']);
  expect(once.nRefused).toBeGreaterThan(0);
  const again = await writeAfter(remembered, 'f(list.█)', 'fooBar', []);
  expect(again.asked).toEqual([]);
  expect(again.nRefused).toBeGreaterThan(0);
  expect(again.masks).toMatchObject([{ at: 0, nNames: members.length, isRemembered: true }]);
});

test('a name that was known elsewhere passes unasked; others are asked about before they are refused', async () => {
  const remembered = new Remembered(new FakeClock());
  await writeAfter(remembered, 'f(█)', 'list.push', members);
  const elsewhere = 'f(list.push);\nif (x) f(█)';
  const known = await writeAfter(remembered, elsewhere, 'list.pop', ['other']);
  expect(known).toMatchObject({ asked: [], nRefused: 0 });
  const fresh = await writeAfter(remembered, elsewhere, 'list.other', ['other']);
  expect(fresh).toMatchObject({ asked: ['f(list.push);\nif (x) f(list.'], nRefused: 0 });
});

test('what was asked ahead is waited for and not asked again, also when the name was begun meanwhile', async () => {
  const remembered = new Remembered(new FakeClock());
  const symbols = { names: members, isClosed: true };
  const { monitor, queries } = monitorAt('list.█', () => symbols, 'typescript', ['member'], remembered);
  monitor.prefetch(signal);
  expect(queries).toHaveLength(1);
  const wanted = await writeAfter(remembered, 'list.pu█', 'lled(1)', []);
  expect(wanted.asked).toEqual([]);
  expect(wanted.nRefused).toBeGreaterThan(0);
});

test('what was given up is asked about anew', async () => {
  const remembered = new Remembered(new FakeClock());
  const gone = new AbortController();
  const { monitor } = monitorAt('list.█', only('member', ['x']), 'typescript', ['member'], remembered);
  monitor.prefetch(gone.signal);
  gone.abort(new Error('typed on'));
  const wanted = await writeAfter(remembered, 'list.█', 'push', members);
  expect(wanted).toMatchObject({ asked: ['list.'], nRefused: 0 });
});

test('a kind that is switched off is not asked about', async () => {
  const { monitor, queries } = monitorAt(
    'list.█',
    () => ({ names: members, isClosed: true }),
    'typescript',
    [],
  );
  monitor.prefetch(signal);
  await pickWith(monitor, () => tokenizer.encode('fooBar')[0] ?? 0, signal);
  expect(queries).toEqual([]);
});

const only =
  (kind: TriggerKind, names: string[], isClosed = true): Answers =>
  (query) =>
    query.kind === kind ? { names, isClosed } : undefined;

test.each<[string, string, TriggerKind, string, string, string?]>([
  ['imports', 'import { █ } from "./a";', 'import-name', 'read, write', 'fooBar'],
  ['more imports', 'import type { read,\n  █ } from "./a";', 'import-name', 'write', 'fooBar'],
  ['object keys', 'run({ █ })', 'object-key', 'read: 1, write: 2', 'fooBar: 1'],
  [
    'object keys on lines of their own',
    'const o: Options = {\n  █\n};',
    'object-key',
    'read: 1,\n  write,',
    'fooBar: 1',
  ],
  ['literals', 'if (kind === █) {}', 'string-literal', "'read'", "'fooBar'"],
  ['literals behind the quote', "if (kind === '█') {}", 'string-literal', 'write', 'fooBar'],
  ['tags', 'return (\n  █', 'jsx-tag', '<read>', '<FooBar>', 'typescriptreact'],
  ['attributes', 'return <read █', 'jsx-attribute', 'write={1} read', 'fooBar={1}', 'typescriptreact'],
  ['types', 'const a: █ = 1;', 'type-name', 'read', 'FooBar'],
  ['Python imports', 'from a import (\n    █', 'import-name', 'read,\n    write', 'foo_bar', 'python'],
  ['Python members', 'x = list█', 'member', '.read', '.foo_bar', 'python'],
  ['C++ members', 'list█', 'member', '->read', '->foo_bar', 'cpp'],
  ['C++ scopes', 'std█', 'member', '::read', '::foo_bar', 'cpp'],
])('%s: %s', async (_, marked, kind, good, bad, languageId = 'typescript') => {
  const answer = only(kind, ['read', 'write']);
  const right = await write(marked, good, answer, languageId);
  expect(right.refused).toBe('');
  expect(right.asked.some((one) => one.startsWith(kind))).toBe(true);
  expect((await write(marked, bad, answer, languageId)).refused).not.toBe('');
});

test.each([
  ['a Python import of a module', 'from a█', '.foo_bar', 'python'],
  ['a block', 'if (x) {\n  █', 'fooBar();', 'typescript'],
  ['a parameter', 'function f(a: string, █', 'fooBar: number) {}', 'typescript'],
])('%s is nothing to ask about', async (_, marked, wanted, languageId) => {
  const { asked } = await write(marked, wanted, members, languageId);
  expect(asked.filter((one) => !one.startsWith('call-arity'))).toEqual([]);
});

test('a call ends neither too early nor too late', async () => {
  const answer: Answers = ({ kind }) =>
    kind === 'call-arity' ? { names: [], isClosed: true, arity: { min: 2, max: 2 } } : undefined;
  expect((await write('f(█', 'a, [1, 2, 3]);', answer)).refused).toBe('');
  expect((await write('f(█', 'a);', answer)).refused).toBe(');');
  expect((await write('f(a, █', 'b, c)', answer)).refused).toBe(',');
  expect((await write('f(\n  a,\n  █', 'b,\n);', answer)).refused).toBe('');
});
