/** Tidy: the house rules that a machine can check: who imports whom, first lines, file sizes. */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { settingsTable } from '../protocol/settings.ts';

const root = path.resolve(import.meta.dirname, '..');

/**
 * The ladder of ARCHITECTURE.md: a room sees the rooms on lines below its own, and itself. Rooms on
 * one line do not see each other. `protocol` is seen by the wire, the client and the programs only.
 */
const ladder: readonly (readonly string[])[] = [
  ['server/src/engine/base'],
  ['server/src/engine/text'],
  ['server/src/engine/tokens'],
  ['server/src/engine/model', 'server/src/engine/syntax'],
  [
    'server/src/engine/prompt',
    'server/src/engine/decoding',
    'server/src/engine/search',
    'server/src/engine/compress',
  ],
  ['server/src/engine/completion'],
  ['server/src/engine/engine.ts'],
  ['server/src/lsp', 'server/src/node'],
  [
    'server/src/main.ts',
    'server/src/engine-main.ts',
    'server/src/search-main.ts',
    'server/src/oracle-typescript-main.ts',
    'server/src/cli',
    'server/bench',
    'test',
  ],
];
const rooms = ladder.flatMap((names, level) => names.map((name) => ({ name, level })));
const testing = 'server/src/engine/testing';
const seesProtocol = [
  'protocol',
  'client',
  'server/src/lsp',
  'server/src/main.ts',
  'server/src/engine-main.ts',
  'server/src/search-main.ts',
  'server/src/cli',
  'server/bench',
  'test',
];

const maxLines = 400;

const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.mjs'],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\n')
  .filter(
    (file) => file && !/^(test\/fixtures|training)\//.test(file) && fs.existsSync(path.join(root, file)),
  );

const read = (file: string) => fs.readFileSync(path.join(root, file), 'utf8');
const isIn = (file: string, room: string) => file === room || file.startsWith(`${room}/`);
const isTest = (file: string) => file.endsWith('.test.ts') || isIn(file, 'test');

/** Module specifiers of imports and re-exports, type-only ones included. */
function importsOf(file: string): string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;
  return [...read(file).matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3]) as string);
}

/** What is wrong with `file` importing `specifier`, if anything. */
function complaint(file: string, specifier: string): string | undefined {
  const inEngine = isIn(file, 'server/src/engine');
  if (!specifier.startsWith('.')) {
    const bare = specifier.replace(/^node:/, '');
    if (inEngine && (specifier.startsWith('node:') || /^(vscode|onnxruntime)/.test(bare)))
      return 'the engine knows no host';
    if (bare.startsWith('onnxruntime') && file !== 'server/src/node/onnx.ts')
      return 'node/onnx.ts alone imports the runtime';
    return undefined;
  }
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
  if (isIn(target, 'protocol'))
    return seesProtocol.some((room) => isIn(file, room)) ? undefined : 'does not speak the protocol';
  if (isIn(file, 'protocol')) return 'protocol imports nothing';
  if (isIn(file, 'client') && !isIn(target, 'client')) return 'the client sees only protocol';
  if (isIn(target, testing))
    return isIn(file, 'server/bench') || isIn(file, testing)
      ? undefined
      : 'only bench and tests see testing/';
  const from = rooms.find((room) => isIn(file, room.name));
  const to = rooms.find((room) => isIn(target, room.name));
  if (!from || !to || from.name === to.name || from.level > to.level) return undefined;
  return `${from.name} may not see ${to.name}`;
}

/** The settings that titles of the file's tests begin with, one or more with commas between them. */
function settingsNamedIn(file: string): string[] {
  const title = /\b(?:test|describe)[.\w]*(?:\([^()]*\))?\(\s*(['"`])((?:stet\.[\w.]+(?:, )?)+): .*\1/g;
  return [...read(file).matchAll(title)].flatMap((match) => (match[2] as string).split(', '));
}

describe('tidy', () => {
  test('there is something to check', () => expect(files.length).toBeGreaterThan(20));

  test('imports go down the ladder', () => {
    const wrong = files
      .filter((file) => file.endsWith('.ts') && !isTest(file))
      .flatMap((file) =>
        importsOf(file).map((specifier) => ({ file, specifier, why: complaint(file, specifier) })),
      )
      .filter(({ why }) => why);
    expect(wrong).toEqual([]);
  });

  test('the rule would catch a breach', () => {
    expect(complaint('server/src/engine/text/x.ts', '../model/contract.ts')).toBeDefined();
    expect(complaint('server/src/engine/prompt/x.ts', '../decoding/decode.ts')).toBeDefined();
    expect(complaint('server/src/engine/base/x.ts', 'node:fs')).toBeDefined();
    expect(complaint('client/src/x.ts', '../../server/src/engine/engine.ts')).toBeDefined();
    expect(complaint('server/src/engine/decoding/x.ts', '../model/sequence.ts')).toBeUndefined();
  });

  test('every file says in its first line what it is', () => {
    const silent = files.filter(
      (file) => !/^(#!.*\n)?\/\*\* .*[.?!] \*\/\n/.test(read(file)) && !file.endsWith('.d.ts'),
    );
    expect(silent).toEqual([]);
  });

  test(`no file is longer than ${maxLines} lines`, () => {
    const long = files.filter((file) => read(file).split('\n').length > maxLines + 1);
    expect(long).toEqual([]);
  });

  test('every setting has a test that says what it does', () => {
    // A test is one of a setting when its title begins with the setting's name: `stet.enable: …`.
    const named = files.filter(isTest).flatMap(settingsNamedIn);
    const settings = Object.keys(settingsTable).map((key) => `stet.${key}`);
    expect(settings.filter((setting) => !named.includes(setting))).toEqual([]);
    expect(named.filter((name) => !settings.includes(name))).toEqual([]);
  });

  test('package.json agrees with the settings table', () => {
    execFileSync(process.execPath, ['scripts/manifest.mjs', '--check'], { cwd: root, stdio: 'pipe' });
  });
});
