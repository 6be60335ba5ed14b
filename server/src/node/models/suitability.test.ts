/** Tests of what is said of models before they run: their figures, and which one suits the machine. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from '../../../../test/fixtures/tiny-model.ts';
import { footprintOf } from '../../engine/model/footprint.ts';
import { openModel } from '../model-store.ts';
import type { ListedModel } from './listed-model.ts';
import { type ModelsOptions, models } from './models.ts';
import { objectionTo, recommendedOf } from './suitability.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-suitability-'));
  await writeTinyModel(join(root, 'model'));
});
afterAll(() => rm(root, { recursive: true }));

const optionsOf = (threads = 2): ModelsOptions => ({
  libraryFolder: join(root, 'library'),
  host: 'http://127.0.0.1:1',
  embeddedFolder: join(root, 'model'),
  modelFolder: join(root, 'model'),
  cacheFolder: join(root, 'cache'),
  format: 'int8',
  cacheMemoryMb: 128,
  threads,
  provider: 'cpu',
});

test.each(['int8', 'int8-block', 'int4', 'fp32'] as const)(
  'the weights of a model in %s are as large as was said',
  async (format) => {
    const model = await openModel(join(root, 'model'), { cacheFolder: join(root, 'cache'), format });
    const { weightsBytes } = footprintOf(model.config, format);
    const graphsBytes = 40_000; // of both graphs; tensors begin at whole pages besides
    expect(model.sizeBytes).toBeGreaterThan(weightsBytes);
    expect(model.sizeBytes - weightsBytes).toBeLessThan(graphsBytes + 50 * 4096);
  },
);

const ofSize = (parametersM: number, suggestionMs: number, more: Partial<ListedModel> = {}): ListedModel => ({
  title: `${parametersM}M`,
  sizeBytes: 1,
  parametersM,
  memoryMb: parametersM * 2,
  speed: { suggestionMs, tokensPerSecond: 10, isPredicted: true },
  ...more,
});
const embedded = ofSize(7, 20, { isEmbedded: true });
const laptop = 8e9;

test('the largest that fits and is fast enough is recommended', () => {
  const all = [embedded, ofSize(100, 80), ofSize(500, 299), ofSize(900, 301)];
  expect(recommendedOf(all, laptop)?.title).toBe('500M');
  expect(recommendedOf(all, 1e9)?.title).toBe('100M'); // 250 MB are a quarter
});

test('the embedded one is recommended where no other will do, however slow', () => {
  expect(
    recommendedOf([ofSize(500, 900), { ...embedded, ...ofSize(7, 500), isEmbedded: true }], laptop)?.title,
  ).toBe('7M');
});

test('nothing is recommended before anything was measured', () => {
  const { speed: _, ...unmeasured } = ofSize(500, 1);
  expect(recommendedOf([unmeasured], laptop)).toBeUndefined();
});

test('what does not suit says why', () => {
  expect(objectionTo(ofSize(500, 100), laptop)).toBeUndefined();
  expect(objectionTo(ofSize(1500, 100), laptop)).toBe(
    "It needs up to 3.0 GB of memory; a quarter of this machine's is 2.0 GB.",
  );
  expect(objectionTo(ofSize(500, 1200), laptop)).toMatch(/takes 1\.2 s, as predicted; 0\.3 s is the most/);
  expect(objectionTo({ ...ofSize(500, 1), memoryMb: undefined } as never, laptop)).toBeUndefined();
});

test('the list has sizes and memory at once, speeds once something was measured, for these threads only', async () => {
  const before = await models.list(optionsOf());
  expect(before.isMeasured).toBe(false);
  expect(before.models[0]).toMatchObject({ title: 'Embedded model', isEmbedded: true, parametersM: 0 });
  const half = before.models.find(({ repo }) => repo === 'Qwen/Qwen2.5-Coder-0.5B');
  expect(half).toMatchObject({ parametersM: 494 }); // as its card says
  expect(half?.memoryMb).toBeGreaterThan(494 + 136); // the table of embeddings is there twice
  expect(before.models.some(({ speed, isRecommended }) => speed ?? isRecommended)).toBe(false);

  const times = { stepMs: 1, editMs: 2, sliceMs: 8 };
  await models.keepSpeed(optionsOf(), { times, machine: { bytesPerMs: 20e6, productsPerMs: 200e6 } });
  const after = await models.list(optionsOf());
  expect(after.isMeasured).toBe(true);
  expect(after.models[0]?.speed).toEqual({ suggestionMs: 13, tokensPerSecond: 1000, isPredicted: false });
  const predicted = after.models.filter(({ speed }) => speed?.isPredicted);
  expect(predicted.map(({ repo }) => repo)).toContain('Qwen/Qwen2.5-Coder-0.5B');
  expect(after.models.filter(({ isRecommended }) => isRecommended)).toHaveLength(1);
  expect((await models.list(optionsOf(1))).isMeasured).toBe(false);
});

test('a damaged memory of speeds is none', async () => {
  for (const text of ['{', '[1]', 'null', '{"a":{"stepMs":0}}']) {
    await writeFile(join(root, 'cache', 'speeds.json'), text);
    expect((await models.list(optionsOf())).isMeasured).toBe(false);
  }
});
