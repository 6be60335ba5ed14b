/** The memorisation guard of the embedded model, on real files that it was trained on and real ones that it was not. */

// Two npm packages that ship their TypeScript stand in for the corpus, which is not committed:
// TanStack/query is in training/manifest.json, and this version's files are those of the commit named
// there; lucaong/minisearch is a held-out repository. This repository was never trained on either.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { MemoryGuard } from '../server/src/engine/completion/memory-guard.ts';
import { SegmentTokenizer } from '../server/src/engine/tokens/retokenize.ts';
import { Tokenizer } from '../server/src/engine/tokens/tokenizer.ts';
import { readModelFolder } from '../server/src/node/model-files.ts';
import { writeTinyModel } from './fixtures/tiny-model.ts';

const root = resolve(import.meta.dirname, '..');
const trained = join(root, 'node_modules/@tanstack/query-core/src');
const heldOut = join(root, 'node_modules/minisearch/src');

let guard: MemoryGuard;
let segments: SegmentTokenizer;
beforeAll(async () => {
  const model = await readModelFolder(join(root, 'model'));
  if (!model.guard) throw new Error('model/ has no memory-guard.bin');
  guard = model.guard;
  segments = new SegmentTokenizer(Tokenizer.parse(model.tokenizerJson, model.tokenizerConfig));
});

const sourcesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
const own = () =>
  execFileSync('git', ['ls-files', 'server/src/*.ts', 'scripts/*.mjs'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .map((file) => join(root, file))
    .filter((path) => /\.(ts|mjs)$/.test(path) && existsSync(path)) // some may just have been deleted
    .map((path) => readFileSync(path, 'utf8'));

/** Of windows of `length` tokens, one at every 20th token of each text: how many there are and are flagged. */
function flagged(texts: readonly string[], length: number): { nWindows: number; nFlagged: number } {
  let nWindows = 0;
  let nFlagged = 0;
  for (const text of texts) {
    const tokens = segments.encode(text);
    for (let start = 0; start + length <= tokens.length; start += 20) {
      nWindows++;
      if (guard.repeatsCorpus(tokens.subarray(start, start + length))) nFlagged++;
    }
  }
  return { nWindows, nFlagged };
}

describe('what the model was trained on', () => {
  test('is flagged in every window of 100 tokens', () => {
    const { nWindows, nFlagged } = flagged(sourcesIn(trained), 100);
    expect(nWindows).toBeGreaterThan(1000);
    expect(nFlagged).toBe(nWindows);
  });

  test('is flagged as a suggestion would hold it: whole lines of a file, indented as they were', () => {
    const lines = readFileSync(join(trained, 'retryer.ts'), 'utf8').split('\n');
    const at = lines.findIndex((line) => line.includes('export function createRetryer'));
    expect(at).toBeGreaterThan(0);
    const text = lines.slice(at + 1, at + 21).join('\n');
    expect(guard.repeatsCorpus(segments.encode(text.trimStart()))).toBe(true);
  });

  test('is mostly not known when it is indented otherwise, which is beyond what the guard promises', () => {
    const indented = sourcesIn(trained).map((text) => text.replace(/^ +/gm, '$&$&'));
    const { nWindows, nFlagged } = flagged(indented, 60);
    expect(nFlagged).toBeLessThan(nWindows / 4);
  });
});

describe('what it was not trained on', () => {
  // Measured on 9.6 MB of held-out code: 0.02 % of windows of 60 tokens, 0.15 % of 100 (training/LOG.md).
  test.each([60, 100])('is hardly ever flagged: a held-out project, %i tokens', (length) => {
    const { nWindows, nFlagged } = flagged(sourcesIn(heldOut), length);
    expect(nWindows).toBeGreaterThan(700);
    expect(nFlagged).toBeLessThanOrEqual(0.005 * nWindows);
  });

  test.each([60, 100])('is hardly ever flagged: this repository, %i tokens', (length) => {
    const { nWindows, nFlagged } = flagged(own(), length);
    console.info(`this repository: ${nFlagged} of ${nWindows} windows of ${length} tokens are flagged`);
    expect(nWindows).toBeGreaterThan(5000);
    expect(nFlagged).toBeLessThanOrEqual(0.01 * nWindows);
  });
});

describe('a model folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stet-guard-'));
    await writeTinyModel(folder);
    return () => rm(folder, { recursive: true });
  });

  test('without a guard is as good as any', async () => {
    expect((await readModelFolder(folder)).guard).toBeUndefined();
  });

  test("with a damaged guard, or another model's, is refused with a way out", async () => {
    const bytes = readFileSync(join(root, 'model/memory-guard.bin'));
    await writeFile(join(folder, 'memory-guard.bin'), bytes.subarray(0, 1_000_000));
    const refusal = {
      code: 'model-corrupt',
      message: expect.stringMatching(/checksum.*Install Stet again/s),
    };
    await expect(readModelFolder(folder)).rejects.toMatchObject(refusal);
    await writeFile(join(folder, 'memory-guard.bin'), bytes);
    await expect(readModelFolder(folder)).rejects.toThrow(/another tokenizer/);
  });
});
