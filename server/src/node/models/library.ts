/** ModelLibrary: the models that a user can choose from: the embedded one, downloaded ones, and a curated list. */

import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { EngineError } from '../../engine/base/error.ts';
import { arenaBytes } from '../../engine/model/arena.ts';
import { type ModelConfig, parseModelConfig } from '../../engine/model/contract.ts';
import { footprintOf } from '../../engine/model/footprint.ts';
import { sequencesThatFit } from '../../engine/model/pool.ts';
import { predictPasses, suggestionMs } from '../../engine/model/speed.ts';
import type { WeightFormat } from '../../engine/model/weights.ts';
import { readModelFolder } from '../model-files.ts';
import { receiptFile, receiptOf } from './download.ts';
import type { ListedModel, ModelSpeed } from './listed-model.ts';
import { type SpeedConditions, SpeedMemory } from './speed-memory.ts';

/** What is said of a model before it is there. Sizes and shapes are the publishers'. */
interface CatalogEntry {
  readonly repo: string;
  readonly title: string;
  readonly licence: string;
  readonly config: ModelConfig;
  /** Of what is downloaded. */
  readonly sizeBytes: number;
}

/** Models with fill-in-the-middle training, an architecture that Stet writes a graph for, and a free licence. */
const catalog: readonly CatalogEntry[] = [
  {
    repo: 'Qwen/Qwen2.5-Coder-0.5B',
    title: 'Qwen2.5-Coder 0.5B',
    licence: 'Apache-2.0',
    config: qwen({
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
    }),
    sizeBytes: 1.0e9,
  },
  {
    repo: 'Qwen/Qwen2.5-Coder-1.5B',
    title: 'Qwen2.5-Coder 1.5B',
    licence: 'Apache-2.0',
    config: qwen({
      hidden_size: 1536,
      intermediate_size: 8960,
      num_hidden_layers: 28,
      num_attention_heads: 12,
    }),
    sizeBytes: 3.1e9,
  },
];

/** What the small models of that family have in common. */
function qwen(shape: object): ModelConfig {
  return parseModelConfig({
    architectures: ['Qwen2ForCausalLM'],
    num_key_value_heads: 2,
    vocab_size: 151_936,
    max_position_embeddings: 32_768,
    rope_theta: 1_000_000,
    hidden_act: 'silu',
    tie_word_embeddings: true,
    ...shape,
  });
}

/** How models would run here, which their memory and speed depend on. */
export interface RunConditions extends SpeedConditions {
  readonly format: WeightFormat;
  /** Of what is read of open files, for all of them. */
  readonly cacheMemoryMb: number;
  /** Where converted models, and what was measured of them, are kept. */
  readonly cacheFolder: string;
}

export class ModelLibrary {
  private readonly folder: string;
  private readonly speeds: SpeedMemory | undefined;

  /** `folder` holds a folder for each model; it need not exist. Without conditions nothing is said of memory and speed. */
  constructor(
    folder: string,
    private readonly conditions?: RunConditions,
  ) {
    this.folder = resolve(folder);
    this.speeds = conditions && new SpeedMemory(conditions.cacheFolder);
  }

  /** Downloaded models first, then the rest of the curated list. */
  async list(): Promise<ListedModel[]> {
    const names = await readdir(this.folder).catch(() => []);
    const here = (await Promise.all(names.map((name) => this.downloaded(join(this.folder, name))))).flatMap(
      (model) => model ?? [],
    );
    const missing = catalog.filter(({ repo }) => !here.some((model) => model.repo === repo));
    const offered = missing.map(async ({ repo, title, licence, sizeBytes, config }) => ({
      repo,
      title,
      licence,
      sizeBytes,
      ...(await this.figuresOf(config, config.maxPositions)),
    }));
    return [...here, ...(await Promise.all(offered))];
  }

  /** Any folder with a model in it; undefined where there is none. */
  async describe(folder: string, title = basename(folder)): Promise<ListedModel | undefined> {
    const model = await readModelFolder(folder).catch(() => undefined);
    if (!model) return undefined; // someone took files out of it
    const { config, metadata } = model;
    const contextTokens = Math.min(metadata.contextTokens ?? config.maxPositions, config.maxPositions);
    const sizeBytes = await sizeOfFolder(folder);
    return { folder, title, sizeBytes, ...(await this.figuresOf(config, contextTokens)) };
  }

  /** Where a model of this name is downloaded to. */
  folderOf(repo: string): string {
    return join(this.folder, repo.replaceAll('/', '--').replace(/[^\w.-]/g, '_'));
  }

  /** Deletes a model that lies in the library, and nothing else. */
  async delete(folder: string): Promise<void> {
    const target = resolve(folder);
    const isOurs =
      target.startsWith(this.folder + sep) && !target.slice(this.folder.length + 1).includes(sep);
    if (!isOurs || !(await receiptOf(target))) {
      throw new EngineError(
        'model-missing',
        `${folder} was not downloaded by Stet, so it is not deleted. Delete it yourself if you do not need it.`,
      );
    }
    await rm(join(target, receiptFile), { force: true }); // from now on it is no model, whatever happens
    await rm(target, { recursive: true, force: true });
  }

  private async downloaded(folder: string): Promise<ListedModel | undefined> {
    const receipt = await receiptOf(folder);
    if (!receipt) return undefined;
    const { repo } = receipt;
    const entry = catalog.find((known) => known.repo === repo);
    const model = await this.describe(folder, entry?.title ?? repo);
    return model && { ...model, repo, ...(entry && { licence: entry.licence }) };
  }

  /** What a model of this shape takes here. */
  private async figuresOf(
    config: ModelConfig,
    contextTokens: number,
  ): Promise<Pick<ListedModel, 'parametersM' | 'memoryMb' | 'speed'>> {
    const { conditions } = this;
    const footprint = footprintOf(config, conditions?.format ?? 'int8');
    const parametersM = Math.round(footprint.nParameters / 1e6);
    if (!conditions) return { parametersM };
    const nSequence = sequencesThatFit(config, contextTokens, conditions.cacheMemoryMb);
    const cacheBytes = nSequence * arenaBytes(config, contextTokens);
    const memoryMb = Math.round((footprint.weightsBytes + cacheBytes) / 1e6 + runtimeMb);
    const speed = await this.speedOf(config, conditions);
    return { parametersM, memoryMb, ...(speed && { speed }) };
  }

  private async speedOf(config: ModelConfig, conditions: RunConditions): Promise<ModelSpeed | undefined> {
    const { format } = conditions;
    const measured = await this.speeds?.model(conditions, config, format);
    const machine = await this.speeds?.machine(conditions);
    const times = measured ?? (machine && predictPasses(footprintOf(config, format), machine));
    if (!times) return undefined;
    return {
      suggestionMs: suggestionMs(times),
      tokensPerSecond: 1000 / times.stepMs,
      isPredicted: !measured,
    };
  }
}

/** The engine process without a model: what is left of 204 MB with the embedded one (docs/benchmarks.md). */
const runtimeMb = 150;

async function sizeOfFolder(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
