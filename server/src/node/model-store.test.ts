/** A model folder becomes a loadable model once, and everything that can be wrong with it is said. */

import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type TinyModelOptions, writeTinyModel } from '../../../test/fixtures/tiny-model.ts';
import { KvArena } from '../engine/model/arena.ts';
import { importModel, type OpenedModel, type OpenModelOptions, openModel } from './model-store.ts';
import { loadForward } from './onnx.ts';

let root: string;
let folder: string;
let cacheFolder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stet-store-'));
  folder = join(root, 'model');
  cacheFolder = join(root, 'cache');
});
afterEach(() => rm(root, { recursive: true }));

const open = (options: Partial<OpenModelOptions> = {}) =>
  openModel(folder, { cacheFolder, format: 'int8', ...options });
const write = (options?: TinyModelOptions) => writeTinyModel(folder, options);

/** Logits of one token, as text that two models of the same weights share. */
async function firstLogits(model: OpenedModel): Promise<string> {
  const forward = await loadForward(model.graphs, model.config, { nThread: 1 });
  const arena = new KvArena(model.config, 4);
  const logits = await forward.run({ arena, tokens: [65], start: 0, logitsOf: [0] });
  await forward.dispose();
  return logits.join();
}

describe('a sound folder', () => {
  test('is converted once', async () => {
    await write();
    const first = await open();
    expect(first).toMatchObject({ name: 'tiny', format: 'int8', wasConverted: true, warnings: [] });
    expect(first.config).toMatchObject({ architecture: 'llama', nVocab: 272 });
    expect(first.metadata.fim.prefix).toBe('<|fim_prefix|>');
    const second = await open();
    expect(second).toMatchObject({ wasConverted: false, warnings: [], graphs: first.graphs });
    expect(await firstLogits(second)).toBe(await firstLogits(first));
  });

  test('is the same model wherever it lies and whatever its files are dated', async () => {
    await write();
    const { contentHash } = await open();
    await rename(folder, join(root, 'moved'));
    folder = join(root, 'moved');
    await utimes(join(folder, 'model.safetensors'), 1e9, 1e9);
    expect(await open()).toMatchObject({ contentHash, wasConverted: false });
  });

  test('with other weights is another model', async () => {
    await write();
    const first = await open();
    await write({ seed: 2 });
    const second = await open();
    expect(second.wasConverted).toBe(true);
    expect(second.contentHash).not.toBe(first.contentHash);
  });

  test('in shards and half precision', async () => {
    await write({ dtype: 'BF16' });
    const whole = await firstLogits(await open());
    await rm(folder, { recursive: true });
    await write({ dtype: 'BF16', nShard: 3 });
    expect(await firstLogits(await open())).toBe(whole);
  });

  test('without stet.json takes its name from the folder', async () => {
    await write({ withStetJson: false });
    expect((await open()).name).toBe('model');
  });

  test('opened three times at once is converted into one folder', async () => {
    await write();
    const models = await Promise.all([open(), open(), open()]);
    expect(new Set(models.map(({ convertedFolder }) => convertedFolder)).size).toBe(1);
    expect((await readdir(cacheFolder)).filter((name) => name !== 'hashes.json')).toHaveLength(1);
    expect(new Set(await Promise.all(models.map(firstLogits))).size).toBe(1);
  });

  test('fewer bits take less room', async () => {
    await write({ dModel: 128, dFfn: 512, nHead: 8, maxPositions: 16 });
    const sizes = [];
    for (const format of ['fp32', 'int8-block', 'int4'] as const)
      sizes.push((await open({ format })).sizeBytes);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  test('importing tells its progress, up to the end', async () => {
    await write();
    const told: number[] = [];
    await importModel(folder, { cacheFolder, format: 'int4', onProgress: (fraction) => told.push(fraction) });
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBeGreaterThan(5);
    expect(told.at(-1)).toBe(1);
  });
});

describe('cancelled', () => {
  test('before it begins', async () => {
    await write();
    await expect(open({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
  });

  test('while it converts: nothing is left behind, and the next time works', async () => {
    await write();
    const controller = new AbortController();
    const opening = open({ signal: controller.signal, onProgress: () => controller.abort('enough') });
    await expect(opening).rejects.toBe('enough');
    expect(await readdir(cacheFolder)).toEqual(['hashes.json']);
    expect((await open()).wasConverted).toBe(true);
  });
});

describe('a damaged cache is converted again, with a warning', () => {
  const damages: [string, (converted: string) => Promise<void>][] = [
    ['weights cut short', (converted) => truncate(join(converted, 'weights.bin'), 5000)],
    ['one bit of the weights', (converted) => flipBit(join(converted, 'weights.bin'))],
    ['one bit of the graph', (converted) => flipBit(join(converted, 'in-place.onnx'))],
    ['no graph', (converted) => rm(join(converted, 'delta.onnx'))],
    ['no manifest', (converted) => rm(join(converted, 'manifest.json'))],
    ['a manifest of nothing', (converted) => writeFile(join(converted, 'manifest.json'), 'null')],
    [
      'a manifest of another version',
      (converted) => replace(join(converted, 'manifest.json'), '"graphVersion": ', '9'),
    ],
  ];
  test.each(damages)('%s', async (_name, damage) => {
    await write();
    const first = await open();
    const expected = await firstLogits(first);
    await damage(first.convertedFolder);
    const second = await open();
    expect(second.wasConverted).toBe(true);
    expect(second.warnings).toEqual([expect.stringMatching(/damaged/)]);
    expect(await firstLogits(second)).toBe(expected);
    expect(await open()).toMatchObject({ wasConverted: false, warnings: [] });
  });

  test('what a killed conversion left is deleted a day later, though nothing is to be converted', async () => {
    await write();
    await open();
    const [old, fresh] = ['.building-old', '.building-fresh'].map((name) => join(cacheFolder, name));
    for (const left of [old, fresh] as string[]) await mkdir(left);
    const twoDaysAgo = Date.now() / 1000 - 48 * 3600;
    await utimes(old as string, twoDaysAgo, twoDaysAgo);
    await open();
    expect((await readdir(cacheFolder)).filter((name) => name.startsWith('.'))).toEqual(['.building-fresh']);
  });

  test('damaged remembered hashes are found out anew', async () => {
    await write();
    const { contentHash } = await open();
    await writeFile(join(cacheFolder, 'hashes.json'), '{"x');
    expect(await open()).toMatchObject({ contentHash, wasConverted: false });
  });
});

describe('a cache that cannot be written', () => {
  // A path below a file cannot be made, not even by root, for whom no folder is read-only.
  const impossible = async () => {
    await writeFile(join(root, 'file'), '');
    return join(root, 'file', 'cache');
  };

  test('a temporary folder takes its place, and is found again', async () => {
    await write();
    const options = { cacheFolder: await impossible(), temporaryFolder: join(root, 'temporary') };
    const model = await open(options);
    expect(model.warnings).toEqual([expect.stringMatching(/ENOTDIR.*stet\.model\.cacheFolder/)]);
    expect(model.convertedFolder).toContain(join(root, 'temporary'));
    expect(await firstLogits(await open(options))).toBe(await firstLogits(model));
  });

  test('and if that fails too, the setting is named', async () => {
    await write();
    const nowhere = await impossible();
    const opening = open({ cacheFolder: nowhere, temporaryFolder: nowhere });
    await expect(opening).rejects.toMatchObject({ code: 'cache-unwritable' });
    await expect(opening).rejects.toThrowError(/stet\.model\.cacheFolder/);
  });
});

describe('a bad folder', () => {
  const cases: [string, string, RegExp, () => Promise<unknown>][] = [
    ['no folder', 'model-missing', /no model folder.*stet\.model\.folder/, async () => {}],
    ['an empty folder', 'model-missing', /no config\.json/, () => mkdir(folder)],
    ['no tokenizer', 'model-missing', /no tokenizer\.json/, () => without('tokenizer.json')],
    ['no weights', 'model-missing', /no model\.safetensors/, () => without('model.safetensors')],
    [
      'a missing shard',
      'model-missing',
      /00002-of-00002/,
      () => without('model-00002-of-00002.safetensors', { nShard: 2 }),
    ],
    [
      'truncated weights',
      'model-corrupt',
      /model\.safetensors.*truncated.*again/,
      () => damaged((path) => truncate(path, 99_999)),
    ],
    ['empty weights', 'model-corrupt', /0 bytes/, () => damaged((path) => truncate(path, 0))],
    [
      'a web page for weights',
      'model-corrupt',
      /does not begin/,
      () => damaged((path) => writeFile(path, '<!doctype html><html>')),
    ],
    [
      'weights of another model',
      'model-corrupt',
      /shape \[272, 64\].*\[272, 96\]/,
      () => withConfig({ hidden_size: 96 }),
    ],
    [
      'fewer layers than the config says',
      'model-corrupt',
      /lack the tensor model\.layers\.2/,
      () => withConfig({ num_hidden_layers: 3 }),
    ],
    [
      'no output layer',
      'model-corrupt',
      /lack the tensor lm_head/,
      () => withConfig({ tie_word_embeddings: false }),
    ],
    [
      'another architecture',
      'model-unsupported',
      /GPT2LMHeadModel/,
      () => withConfig({ architectures: ['GPT2LMHeadModel'] }),
    ],
    ['a config that is not JSON', 'model-corrupt', /config\.json/, withBrokenConfig],
    ['a tokenizer without sentinels', 'tokenizer-unsupported', /fill-in-the-middle/, withoutSentinels],
    ['an index that points elsewhere', 'model-corrupt', /\.\.\/secret/, withBadIndex],
    ['a number that is none', 'model-corrupt', /not finite/, withNaN],
  ];
  test.each(cases)('%s: %s', async (_name, code, message, prepare) => {
    await prepare();
    await expect(open()).rejects.toMatchObject({ name: 'EngineError', code, showUser: true });
    await expect(open()).rejects.toThrowError(message);
    const left = await readdir(cacheFolder).catch(() => []);
    expect(left.filter((name) => name !== 'hashes.json')).toEqual([]);
  });

  async function without(name: string, options?: TinyModelOptions): Promise<void> {
    await write(options);
    await rm(join(folder, name));
  }
  async function damaged(damage: (path: string) => Promise<void>): Promise<void> {
    await write();
    await damage(join(folder, 'model.safetensors'));
  }
  async function withConfig(change: object): Promise<void> {
    const { configJson } = await write();
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...configJson, ...change }));
  }
  async function withBrokenConfig(): Promise<void> {
    await write();
    await writeFile(join(folder, 'config.json'), '{');
  }
  async function withoutSentinels(): Promise<void> {
    const { tokenizerJson } = await write({ withStetJson: false });
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...tokenizerJson, added_tokens: [] }));
  }
  async function withBadIndex(): Promise<void> {
    await write({ nShard: 2 });
    const index = { weight_map: { 'model.norm.weight': '../secret.safetensors' } };
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
  }
  async function withNaN(): Promise<void> {
    await write();
    const path = join(folder, 'model.safetensors');
    const bytes = await readFile(path);
    bytes.writeFloatLE(Number.NaN, bytes.length - 70_000); // inside the last layer's matrices
    await writeFile(path, bytes);
  }
});

async function flipBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  await writeFile(path, bytes);
}

async function replace(path: string, after: string, text: string): Promise<void> {
  const content = await readFile(path, 'utf8');
  const at = content.indexOf(after) + after.length;
  await writeFile(path, content.slice(0, at) + text + content.slice(at));
}
