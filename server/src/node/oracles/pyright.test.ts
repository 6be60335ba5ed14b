/** The bundled pyright for real: member accesses of real Python replayed, errors, and that it runs nothing. */

import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../clock.ts';
import { LspOracle } from './lsp-oracle.ts';
import { pythonImports } from './python-imports.ts';
import { pyrightLanguages, pyrightLaunch, pyrightName, pyrightTraits } from './python-server.ts';

const repository = path.resolve(import.meta.dirname, '../../../..');
const files = {
  pyrightFolder: path.join(repository, 'node_modules', 'pyright'),
  preload: path.join(import.meta.dirname, 'no-children.cjs'),
};
const never = new AbortController().signal;
const patience = { timeout: 55_000, interval: 20 };
const root = mkdtempSync(path.join(tmpdir(), 'stet-pyright-'));
const real = ['filters.py', 'pairs.py', 'tokenizer.py'];
for (const name of real) cpSync(path.join(repository, 'training/stetlm', name), path.join(root, name));

function open(environment?: NodeJS.ProcessEnv) {
  const oracle = new LspOracle({
    name: pyrightName,
    languages: pyrightLanguages,
    traits: pyrightTraits,
    memoryMb: 1500,
    clock: systemClock,
    onHealth: () => {},
    deadlines: { symbolsMs: 50_000, diagnosticsMs: 50_000 }, // the machine may be busy
    rootOf: async () => root,
    launch: async (folder) => {
      const launch = await pyrightLaunch(files, folder, 1500);
      return environment ? { ...launch, env: { ...launch.env, ...environment } } : launch;
    },
  });
  onTestFinished(() => oracle.dispose());
  return oracle;
}

async function openWarm(name: string, text: string, environment?: NodeJS.ProcessEnv) {
  const oracle = open(environment);
  const uri = pathToFileURL(path.join(root, name)).href;
  oracle.edit({ uri, languageId: 'python', version: 1, text });
  await vi.waitUntil(() => oracle.isWarm(uri), patience);
  const symbols = (marked: string) =>
    oracle.symbols(
      {
        kind: 'member',
        uri,
        languageId: 'python',
        text: marked.replace('█', ''),
        offset: marked.indexOf('█'),
      },
      never,
    );
  const diagnose = (all: string) =>
    oracle.diagnostics({ uri, languageId: 'python', text: all, start: 0, endExclusive: all.length }, never);
  return { oracle, symbols, diagnose };
}

const point = [
  'class Point:',
  '    across: int = 0',
  '    def sum(self) -> int:',
  '        return 1',
  '',
].join('\n');

describe('pyright', () => {
  test('knows the true name of nearly every member access of real files, and forbids hardly any', {
    timeout: 240_000, // fifty questions
  }, async () => {
    let n = 0;
    let nHit = 0;
    let nHarmful = 0;
    for (const name of real) {
      const text = readFileSync(path.join(root, name), 'utf8');
      const { symbols } = await openWarm(name, text);
      for (const { offset, member } of memberAccesses(text).slice(0, 25)) {
        const end = text.indexOf('\n', offset);
        const set = await symbols(`${text.slice(0, offset)}█${text.slice(end)}`);
        n++;
        if (set?.names.includes(member)) nHit++;
        else if (set?.isClosed) nHarmful++;
      }
    }
    expect(n).toBeGreaterThanOrEqual(40);
    expect(nHit / n).toBeGreaterThan(0.6); // the rest are of libraries that are not there
    expect(nHarmful / n).toBeLessThanOrEqual(0.03);
  });

  test('a value of a declared type closes the set, what is under construction or unknown does not', async () => {
    const { symbols } = await openWarm('a.py', point);
    const closed = await symbols(`${point}p = Point()\np.█\n`);
    expect(closed?.isClosed).toBe(true);
    expect(closed?.names).toEqual(expect.arrayContaining(['across', 'sum']));
    expect(closed?.names).not.toContain('down');
    expect((await symbols(`${point}    def more(self):\n        self.█\n`))?.isClosed).toBe(false);
    expect(await symbols('import no_such_module\nno_such_module.█\n')).toBeUndefined();
    expect(await symbols('def f(x):\n    x.█\n')).toBeUndefined();
    expect(await symbols('from threading import local\nlocal().█\n')).toBeUndefined(); // gets them at run time
    const dynamic = 'class D:\n    a = 1\n    def __getattr__(self, name):\n        return 1\nD().█\n';
    expect((await symbols(dynamic))?.isClosed).toBe(false);
  });

  test('an invented member is an error of the text, and gone with it', async () => {
    const { diagnose } = await openWarm('b.py', point);
    expect(await diagnose(`${point}Point().across\n`)).toEqual([]);
    const wrong = await diagnose(`${point}Point().down\n`);
    expect(wrong).toHaveLength(1);
    expect(wrong?.[0]?.message).toContain('Cannot access attribute "down"');
    expect(await diagnose(`${point}Point().across\n`)).toEqual([]);
  });

  test('names of one module that is known are imported, others are left alone', async () => {
    writeFileSync(
      path.join(root, 'ledger.py'),
      'def total_of(values):\n    return 1\n\n\nclass Shelf: ...\n',
    );
    writeFileSync(path.join(root, 'unread.py'), 'def far_away(): ...\n');
    const { oracle } = await openWarm('f.py', point);
    const imported = async (before: string, accepted: string, after = '') => {
      const text = before + accepted + after;
      const [start, endExclusive] = [before.length, before.length + accepted.length];
      const uri = pathToFileURL(path.join(root, 'f.py')).href;
      const query = { uri, languageId: 'python', text, start, endExclusive };
      const changes = (await pythonImports(oracle, query, never)) ?? [];
      return changes.reduceRight(
        (all, { start: from, endExclusive: to, text: by }) => all.slice(0, from) + by + all.slice(to),
        text,
      );
    };
    const head = 'from ledger import Shelf\n\nshelf = ';
    expect(await imported(head, 'total_of([1])', '\n')).toBe(
      'from ledger import Shelf, total_of\n\nshelf = total_of([1])\n',
    );
    for (const alone of [
      'Shelf()', // is imported
      'far_away()', // of a module that nothing reads
      'OrderedDict()', // of two modules
      '"total_of"', // no name
      'total_of(alpha, beta, gamma, delta)', // too much is missing
    ]) {
      expect(await imported(head, alone)).toBe(head + alone);
    }
    // What is missing elsewhere is somebody else's.
    expect(await imported(`${head}total_of\nother = `, '1')).toBe(`${head}total_of\nother = 1`);
  });

  test('broken and strange texts are no trouble', async () => {
    const { symbols } = await openWarm('c.py', point);
    for (const text of [
      '█',
      'x.█',
      '"""\nx.█',
      'def (:\n x.█\n\t)',
      `${point}naïve = Point()\nnaïve.█`,
      '# 👍 x.█\r\ny\r\n',
    ]) {
      const set = await symbols(text);
      expect(set === undefined || set.names.length > 0).toBe(true);
    }
    expect((await symbols(`${point}größe = Point()\r\n"👍"; größe.█\r\n`))?.names).toContain('across');
  });

  test.skipIf(process.platform === 'win32')('runs no interpreter of the workspace or of PATH', async () => {
    const marker = path.join(root, 'was-run');
    const script = `#!/bin/sh\n: > '${marker}'\n`;
    const bin = path.join(root, '.venv', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(root, '.venv', 'pyvenv.cfg'), 'home = /usr/bin\nversion = 3.12.0\n');
    for (const name of ['python', 'python3']) {
      writeFileSync(path.join(bin, name), script);
      chmodSync(path.join(bin, name), 0o755);
    }
    const packages = path.join(root, '.venv', 'lib', 'python3.12', 'site-packages', 'ours');
    mkdirSync(packages, { recursive: true });
    writeFileSync(path.join(packages, '__init__.py'), 'def only_here() -> int:\n    return 1\n');
    // Even with the interpreters on PATH, which the launch takes away: nothing can be started at all.
    const { symbols, diagnose } = await openWarm('d.py', 'import ours\n', { PATH: bin });
    const set = await symbols('import ours\nours.█\n');
    await diagnose('import ours\n');
    expect(set?.names).toContain('only_here'); // packages of the environment are found by their folder
    expect(existsSync(marker)).toBe(false);
  });

  test('kill -9 in mid-request costs that request and it comes back', async () => {
    const { oracle, symbols } = await openWarm('e.py', point);
    const pid = oracle.pid as number;
    const answer = symbols(`${point}Point().█\n`);
    process.kill(pid, 'SIGKILL');
    await answer; // undefined, or the answer that was faster than the signal
    const text = `${point}Point().█\n`;
    await vi.waitUntil(async () => (await symbols(text))?.names.includes('across'), patience);
    expect(oracle.pid).not.toBe(pid);
  });
});

/** Attribute accesses outside comments, strings, imports and decorators, as a line-wise scan sees them. */
function memberAccesses(text: string): { offset: number; member: string }[] {
  return [...text.matchAll(/(?<=[\w)\]])\.([A-Za-z_]\w*)/g)]
    .map((match) => ({ offset: match.index + 1, member: match[1] as string }))
    .filter(({ offset }) => {
      const before = text.slice(text.lastIndexOf('\n', offset) + 1, offset);
      return !/["'#@]|^\s*(?:from|import)\b|\b\d\.$/.test(before) && isCode(text, offset);
    });
}

/** Outside documentation strings: an even number of triple quotes before. */
const isCode = (text: string, offset: number) => (text.slice(0, offset).split('"""').length - 1) % 2 === 0;
