/** TypeScriptService in projects that take seconds to read: the nearest files first, and all of it later. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { SymbolSet } from '../../../engine/decoding/constraints/symbol-oracle.ts';
import { largeProject } from '../../../engine/testing/large-project.ts';
import { TypeScriptService } from './service.ts';

type Files = Readonly<Record<string, string>> & { readonly 'open.ts': string };
type Step = 'not yet' | 'cold' | { readonly isPartial: boolean; readonly set: SymbolSet | undefined };

/** What is said behind `cat.` of open.ts, from when it is opened until all is read. */
async function answersOf(files: Files): Promise<readonly Step[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stet-large-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  const all = { 'tsconfig.json': '{ "compilerOptions": { "strict": true } }', ...files };
  for (const [name, content] of Object.entries(all)) fs.writeFileSync(path.join(folder, name), content);
  const uri = pathToFileURL(path.join(folder, 'open.ts')).href;
  const text = files['open.ts'];
  const unchanged = { start: 0, endExclusive: 0, text: '' };
  const steps: Step[] = [];
  const logs: string[] = [];
  const ask = () =>
    service.symbols({ uri, kind: 'member', offset: text.indexOf('cat.') + 'cat.'.length, change: unchanged });
  const service = new TypeScriptService({
    libFolder: path.resolve('node_modules/typescript/lib').replaceAll('\\', '/'),
    nowMs: () => performance.now(),
    onWarm: (_, isPartial) => steps.push({ isPartial, set: ask() }),
    onCold: () => steps.push('cold'),
    onLog: (message) => logs.push(message),
  });
  service.edit({ uri, languageId: 'typescript', version: 1, change: { ...unchanged, text } });
  if (ask() === undefined) steps.push('not yet');
  await vi.waitUntil(() => steps.some((step) => typeof step === 'object' && !step.isPartial), {
    timeout: 200_000,
    interval: 10,
  });
  expect(logs).toEqual([]);
  return steps;
}

test('in a project of 4,000 files the nearest ones tell names first, and bans wait until all are read', {
  timeout: 240_000,
}, async () => {
  const names = ['meow0', 'to1', 'to2'];
  expect(await answersOf(largeProject(4_000))).toMatchObject([
    'not yet',
    { isPartial: true, set: { isClosed: false, names } },
    'cold',
    { isPartial: false, set: { isClosed: true, names } },
  ]);
});

test('generated declarations of 2 MB do not keep the first names back, and are known later', {
  timeout: 240_000,
}, async () => {
  const generated = Array.from(
    { length: 20_000 },
    (_, i) => `export interface Generated${i} { readonly first${i}: string; readonly second${i}: number }\n`,
  ).join('');
  const files = {
    'generated.d.ts': `${generated}export interface Cat { hiss(): void; purr(): void }\n`,
    'open.ts': `import type { Cat } from './generated';
interface Dog { bark(): void }
export function greet(cat: Cat, dog: Dog) {
  dog.bark();
  cat.;
}
`,
  };
  expect(await answersOf(files)).toMatchObject([
    'not yet',
    { isPartial: true, set: undefined }, // what was left out is not known, and nothing is forbidden for it
    'cold',
    { isPartial: false, set: { isClosed: true, names: ['hiss', 'purr'] } },
  ]);
});
