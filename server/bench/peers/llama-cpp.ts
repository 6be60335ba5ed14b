/** LlamaCpp: llama.cpp through node-llama-cpp's binding, with its server's prompt cache and cache reuse. */

// The high-level API of node-llama-cpp costs 20 to 100 % more per request than llama.cpp itself, which
// would flatter us; so its binding is driven directly. It never tokenises: it is given the same ids.
// The package is 100 MB that only this comparison needs, so whoever wants it installs it by hand.

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** llama.vscode starts llama-server with `--cache-reuse 256`: shorter runs of equal tokens are not moved. */
const defaultCacheReuse = 256;

/** llama-server's default physical batch. */
const batchTokens = 512;

export interface LlamaCppOptions {
  readonly ggufFile: string;
  readonly threads: number;
  readonly contextTokens: number;
  /** The least run of tokens that is moved after a deletion; 0 keeps the common prefix only. */
  readonly nCacheReuse?: number;
}

/** What a prompt cost. */
export interface PromptCost {
  readonly nNew: number;
  readonly nShifted: number;
}

/** The parts of node-llama-cpp's binding that are used; they are not in its public types. */
interface Binding {
  initBatch(size: number): void;
  addToBatch(sequence: number, start: number, tokens: Uint32Array, logitsOf: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(batchIndex: number, sampler: unknown): Promise<number>;
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  shiftSequenceTokenCells(sequence: number, start: number, end: number, delta: number): void;
  setThreads(threads: number): void;
  getThreads(): number;
}

/** What of the package is used. */
interface NodeLlamaCpp {
  readonly LlamaLogLevel: { readonly error: unknown };
  getLlama(options: object): Promise<Llama>;
}

interface Llama extends Owned {
  readonly systemInfo: string;
  readonly _bindings: { AddonSampler: new (model: unknown) => Sampler };
  loadModel(options: object): Promise<LlamaModel>;
}

interface LlamaModel extends Owned {
  readonly _model: unknown;
  createContext(options: object): Promise<Owned & { readonly _ctx: Binding }>;
}

interface Owned {
  dispose(): Promise<unknown>;
}

const packageName = 'node-llama-cpp';
const packageVersion = '3.22.1';

/** Names a folder whose node_modules has the package, so that the project's own stay as they are. */
export const folderVariable = 'STET_LLAMA_CPP';

/** Rejects with the command that installs the package where it is missing. */
async function load(): Promise<NodeLlamaCpp> {
  const folder = process.env[folderVariable];
  const installed = folder && join(resolve(folder), 'node_modules', packageName, 'dist', 'index.js');
  try {
    return (await import(installed ? pathToFileURL(installed).href : packageName)) as NodeLlamaCpp;
  } catch (cause) {
    const platform = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string];
    const binaries = `@${packageName}/${platform}-${process.arch}${platform === 'mac' && process.arch === 'arm64' ? '-metal' : ''}`;
    throw new Error(
      `llama.cpp is not installed. Install it in a folder of its own: npm install --prefix FOLDER --ignore-scripts --omit=optional ${packageName}@${packageVersion} ${binaries}@${packageVersion}, and name that folder in ${folderVariable}.`,
      { cause },
    );
  }
}

interface Sampler {
  applyConfig(config: { temperature: number }): void;
  dispose(): void;
}

const sequenceId = 0;

export class LlamaCpp {
  private cached: number[] = [];

  private constructor(
    private readonly binding: Binding,
    private readonly sampler: Sampler,
    private readonly options: LlamaCppOptions,
    private readonly owned: readonly Owned[],
    /** llama.cpp's own words on the processor features that it uses. */
    readonly systemInfo: string,
  ) {}

  static async open(options: LlamaCppOptions): Promise<LlamaCpp> {
    const { getLlama, LlamaLogLevel } = await load();
    const llama = await getLlama({
      gpu: false,
      build: 'never',
      skipDownload: true,
      maxThreads: options.threads,
      logLevel: LlamaLogLevel.error,
    });
    const model = await llama.loadModel({ modelPath: options.ggufFile });
    const context = await model.createContext({
      contextSize: options.contextTokens,
      batchSize: batchTokens,
      threads: options.threads,
      flashAttention: true,
    });
    const sampler = new llama._bindings.AddonSampler(model._model);
    sampler.applyConfig({ temperature: 0 });
    const binding = context._ctx;
    binding.setThreads(options.threads);
    return new LlamaCpp(binding, sampler, options, [context, model, llama], llama.systemInfo);
  }

  get threads(): number {
    return this.binding.getThreads();
  }

  /** Forgets all tokens. */
  clear(): void {
    this.binding.removeTokenCellsFromSequence(sequenceId, 0, -1);
    this.cached = [];
  }

  /** Brings the cache to `prompt` and gives the most likely next token. */
  async prefill(prompt: Int32Array): Promise<PromptCost & { readonly next: number }> {
    const { nPast, nShifted } = this.reuse(prompt);
    const next = await this.run(prompt.subarray(nPast));
    return { nNew: prompt.length - nPast, nShifted, next };
  }

  /** Appends `token` and gives the most likely one behind it. */
  step(token: number): Promise<number> {
    return this.run(Int32Array.of(token));
  }

  /** Appends `tokens` in one pass and gives the most likely one behind each. */
  async tryRows(tokens: Int32Array): Promise<number[]> {
    const { binding, cached } = this;
    binding.initBatch(tokens.length);
    const all = Uint32Array.from(tokens.keys());
    const indexes = binding.addToBatch(sequenceId, cached.length, Uint32Array.from(tokens), all);
    await binding.decodeBatch();
    cached.push(...tokens);
    const likeliest: number[] = [];
    for (const index of indexes) likeliest.push(await binding.sampleToken(index, this.sampler));
    return likeliest;
  }

  /** Forgets the last `n` tokens. */
  takeBack(n: number): void {
    this.cached.length -= n;
    this.binding.removeTokenCellsFromSequence(sequenceId, this.cached.length, -1);
  }

  async close(): Promise<void> {
    this.sampler.dispose();
    for (const part of this.owned) await part.dispose();
  }

  /**
   * What llama-server does before a prompt: keeps the common prefix; then looks for runs of at least
   * `nCacheReuse` tokens of the prompt's rest further on in the cache, and moves them to the left.
   * The prompt's last token is always computed.
   */
  private reuse(prompt: Int32Array): { nPast: number; nShifted: number } {
    const { cached, binding } = this;
    const nCacheReuse = this.options.nCacheReuse ?? defaultCacheReuse;
    let nPast = matchLength(cached, 0, prompt, 0);
    let nShifted = 0;
    if (nCacheReuse > 0) {
      for (let from = nPast; from < cached.length && nPast < prompt.length; ) {
        const n = matchLength(cached, from, prompt, nPast);
        if (n < nCacheReuse) {
          from++;
          continue;
        }
        binding.removeTokenCellsFromSequence(sequenceId, nPast, from);
        binding.shiftSequenceTokenCells(sequenceId, from, from + n, nPast - from);
        nPast += n;
        nShifted += n;
        from += n;
      }
    }
    nPast = Math.min(nPast, prompt.length - 1);
    binding.removeTokenCellsFromSequence(sequenceId, nPast, -1);
    this.cached = Array.from(prompt.subarray(0, nPast));
    return { nPast, nShifted };
  }

  private async run(tokens: Int32Array): Promise<number> {
    const { binding, cached } = this;
    let next = -1;
    for (let at = 0; at < tokens.length; at += batchTokens) {
      const batch = Uint32Array.from(tokens.subarray(at, at + batchTokens));
      const isLast = at + batch.length >= tokens.length;
      binding.initBatch(batch.length);
      const logitsOf = isLast ? Uint32Array.of(batch.length - 1) : new Uint32Array(0);
      const indexes = binding.addToBatch(sequenceId, cached.length, batch, logitsOf);
      await binding.decodeBatch();
      for (const token of batch) cached.push(token);
      if (isLast) next = await binding.sampleToken(indexes[0] as number, this.sampler);
    }
    return next;
  }
}

function matchLength(a: ArrayLike<number>, aStart: number, b: ArrayLike<number>, bStart: number): number {
  let n = 0;
  while (aStart + n < a.length && bStart + n < b.length && a[aStart + n] === b[bStart + n]) n++;
  return n;
}
