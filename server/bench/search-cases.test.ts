/** Search cases: documentation is the query and nowhere in the files; places stay right after it was cut. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { StoredChunk } from '../src/engine/search/store.ts';
import { openParsers } from '../src/node/open-local-engine.ts';
import { repositoryTask } from './search-cases.ts';
import { measuresOf } from './search-quality.ts';

const python = `"""About this module and nothing else."""
class Store:
    """Keeps every record that was ever seen."""
    def load(self, path):
        """Reads all records from the given path. More text."""
        with open(path) as file:
            data = file.read()
        return data

    def empty(self):
        """Has nothing but its own documentation."""
`;
const script = `/** Header of the file, for people. */
/**
 * Turns a {@link Color|colour} into its hex spelling. Second sentence.
 * @param c the colour
 */
export const toHex = (c: number): string => {
  const text = c.toString(16);
  return \`#\${text}\`;
};
`;

test('first sentences ask for functions whose files do not say them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stet-cases-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args]);
  const parsers = await openParsers(resolve(import.meta.dirname, '../../grammars'), () => {});
  try {
    await writeFile(join(folder, 'store.py'), python);
    await writeFile(join(folder, 'color.ts'), script);
    git('init', '-q');
    git('add', '.');
    git('commit', '-q', '-m', 'x');
    const { files, cases } = await repositoryTask(join(folder, '.git'), parsers!, 10);
    expect(cases.map(({ query }) => query).sort()).toEqual([
      'Reads all records from the given path.',
      'Turns a colour into its hex spelling.',
    ]);
    const all = files.map(({ text }) => text).join('\n');
    expect(all).not.toMatch(/records from|spelling|About this|Keeps every|own documentation|@param/);
    expect(all).toMatch(/def empty\(self\):\n {8}pass\n/);
    for (const { targets } of cases) {
      const [target] = targets;
      const text = files
        .find(({ path }) => path === target?.path)
        ?.text.slice(target?.start, target?.endExclusive);
      expect(text).toMatch(/^(def load\(self.*return data|\(c: number\).*\})$/s);
    }
  } finally {
    parsers?.dispose();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a function that is found twice counts once', () => {
  const chunk = (path: string, start: number, endExclusive: number) =>
    ({ path, start, endExclusive }) as StoredChunk;
  const target = { path: 'a', start: 100, endExclusive: 200, name: 'f' };
  const hits = [chunk('b', 100, 200), chunk('a', 0, 140), chunk('a', 100, 160), chunk('a', 160, 200)];
  expect(measuresOf(hits, [target])).toEqual({ mrr: 1 / 3, ndcg: 1 / 2, recall: 1 });
  expect(measuresOf([], [target])).toEqual({ mrr: 0, ndcg: 0, recall: 0 });
});
