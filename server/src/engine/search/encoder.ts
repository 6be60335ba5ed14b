/** Encoder: a text as a vector [256] of unit length, near those of texts about the same thing. */

// A table of token rows and no network (docs/search-encoder.md): the weighted sum of a text's rows, at
// length one. An embedding costs microseconds, so queries and files are embedded where they are needed.
// Equal to the reference, training/stetlm/encoder.py, to 1e-6; numbers are added in another order.

import { EngineError } from '../base/error.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { readTensors, type Tensor } from './encoder-tensors.ts';
import { maxWordChars, splitWords, wordPattern } from './words.ts';

/** What is read from the model's folder; `node/search/encoder-files` makes it real. */
export interface EncoderFiles {
  /** The parsed encoder.json. */
  readonly description: unknown;
  /** encoder.safetensors. */
  readonly weights: Uint8Array;
  /** Hex, of the bytes that were read. */
  readonly weightsSha256: string;
  readonly tokenizerSha256: string;
}

/** A piece of code; each part has a weight of its own. */
export interface EncodedDocument {
  readonly name: string;
  readonly path: string;
  readonly code: string;
}

const knownFormat = 1;

/** Words remembered with their rows; about 20 MB when full. */
const maxRememberedWords = 100_000;

/** How far the built-in check vectors, which have five decimals, may be off. */
const checkTolerance = 2e-5;

const noRow = 0xffff;

interface Description {
  readonly maxWords: number;
  readonly fields: Readonly<Record<'name' | 'path' | 'code', number>>;
  readonly check: {
    readonly query: string;
    readonly queryVector: readonly number[];
    readonly document: readonly [name: string, path: string, code: string];
    readonly documentVector: readonly number[];
  };
}

interface Weights {
  /** [nRow, dims] float32, row-major. */
  readonly table: Float32Array;
  readonly nRow: number;
  readonly dims: number;
  /** [nRow]. */
  readonly query: Float32Array;
  readonly document: Float32Array;
  /** [nVocab]; {@link noRow} for tokens that no word is made of. */
  readonly rowOfToken: Uint16Array;
  /** [dims, dims], multiplied with a query's sum; undefined where the encoder has none. */
  readonly queryHead: Float32Array | undefined;
}

/** Immutable but for what it remembers. */
export class Encoder {
  private readonly rowsOfWord = new Map<string, readonly number[]>();

  private constructor(
    /** Vectors of different ids must not be compared; an index is rebuilt when it changes. */
    readonly id: string,
    private readonly description: Description,
    private readonly weights: Weights,
    private readonly tokenizer: Tokenizer,
  ) {}

  /**
   * `tokenizer` must be the one that the encoder was trained with, the embedded model's. Throws
   * EngineError('model-corrupt') when a checksum, a shape or a check vector is wrong.
   */
  static parse(files: EncoderFiles, tokenizer: Tokenizer): Encoder {
    const description = checkDescription(files);
    const weights = toWeights(readTensors(files.weights), tokenizer.nVocab);
    const encoder = new Encoder(files.weightsSha256, description, weights, tokenizer);
    encoder.checkVectors();
    return encoder;
  }

  get dims(): number {
    return this.weights.dims;
  }

  /** What a person types. The zero vector when no word of it is known. */
  embedQuery(text: string): Float32Array {
    const sum = new Float64Array(this.dims);
    this.addTo(sum, text, this.weights.query, 1);
    const { queryHead } = this.weights;
    return unit(queryHead ? multiply(queryHead, sum) : sum);
  }

  /** What an index holds. The zero vector when no word of it is known. */
  embedDocument({ name, path, code }: EncodedDocument): Float32Array {
    const { fields } = this.description;
    const sum = new Float64Array(this.dims);
    this.addTo(sum, name, this.weights.document, fields.name);
    this.addTo(sum, path, this.weights.document, fields.path);
    this.addTo(sum, code, this.weights.document, fields.code);
    return unit(sum);
  }

  /** sum += scale × Σ over distinct rows of (1 + ln count) × weight × row. */
  private addTo(sum: Float64Array, text: string, weight: Float32Array, scale: number): void {
    const { table, dims } = this.weights;
    for (const [row, count] of this.countRows(text)) {
      const factor = (1 + Math.log(count)) * (weight[row] as number) * scale;
      const start = row * dims;
      for (let i = 0; i < dims; i++) sum[i] = (sum[i] as number) + factor * (table[start + i] as number);
    }
  }

  private countRows(text: string): Map<number, number> {
    const counts = new Map<number, number>();
    const words = splitWords(text);
    const nWords = Math.min(words.length, this.description.maxWords);
    for (let i = 0; i < nWords; i++) {
      for (const row of this.rowsOf(words[i] as string)) counts.set(row, (counts.get(row) ?? 0) + 1);
    }
    return counts;
  }

  private rowsOf(word: string): readonly number[] {
    let rows = this.rowsOfWord.get(word);
    if (rows) return rows;
    rows = [...this.tokenizer.encode(` ${word}`)]
      .map((token) => this.weights.rowOfToken[token] ?? noRow)
      .filter((row) => row !== noRow);
    if (this.rowsOfWord.size >= maxRememberedWords) this.rowsOfWord.clear();
    this.rowsOfWord.set(word, rows);
    return rows;
  }

  /** The texts that the trainer wrote into the file must come out as they did there. */
  private checkVectors(): void {
    const { check } = this.description;
    const [name, path, code] = check.document;
    const pairs = [
      [this.embedQuery(check.query), check.queryVector],
      [this.embedDocument({ name, path, code }), check.documentVector],
    ] as const;
    for (const [vector, expected] of pairs) {
      const isRight = expected.every(
        (value, i) => Math.abs((vector[i] ?? Number.NaN) - value) <= checkTolerance,
      );
      if (!isRight) throw corrupt('it does not compute what its own file says');
    }
  }
}

function checkDescription({ description, weightsSha256, tokenizerSha256 }: EncoderFiles): Description {
  const json = (description ?? {}) as Record<string, unknown>;
  if (json.format !== knownFormat) throw corrupt(`its format is ${String(json.format)}, not ${knownFormat}`);
  if (json.weightsSha256 !== weightsSha256) throw corrupt('encoder.json is of other weights');
  if (json.tokenizerSha256 !== tokenizerSha256) throw corrupt('it was made for another tokenizer');
  const words = (json.words ?? {}) as Record<string, unknown>;
  const isKnown =
    words.pattern === wordPattern &&
    words.prefix === ' ' &&
    words.lowercase === 'ascii' &&
    words.maxWordChars === maxWordChars &&
    Number.isSafeInteger(words.maxWords) &&
    json.countDamping === '1+ln';
  if (!isKnown) throw corrupt('it reads words in a way that this version does not know');
  const fields = (json.fields ?? {}) as Record<string, unknown>;
  if (!['name', 'path', 'code'].every((field) => Number.isFinite(fields[field])))
    throw corrupt('it has no weights of fields');
  const check = json.check as Description['check'] | undefined;
  const isChecked =
    typeof check?.query === 'string' &&
    isNumbers(check.queryVector) &&
    isNumbers(check.documentVector) &&
    Array.isArray(check.document) &&
    check.document.length === 3;
  if (!isChecked) throw corrupt('it has no check');
  return { maxWords: words.maxWords as number, fields: fields as Description['fields'], check };
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);

function toWeights(tensors: ReadonlyMap<string, Tensor>, nVocab: number): Weights {
  const rowOfToken = tensors.get('row_of_token')?.values;
  const table = matrix(tensors, 'table');
  const query = tensors.get('query_weight')?.values;
  const document = tensors.get('document_weight')?.values;
  const [nRow = 0, dims = 0] = tensors.get('table')?.shape ?? [];
  const isWhole =
    table !== undefined &&
    rowOfToken instanceof Uint16Array &&
    query instanceof Float32Array &&
    document instanceof Float32Array &&
    query.length === nRow &&
    document.length === nRow &&
    rowOfToken.length >= nVocab &&
    rowOfToken.every((row) => row === noRow || row < nRow);
  if (!isWhole) throw corrupt('its tensors do not fit together');
  const queryHead = matrix(tensors, 'query_head');
  if (queryHead && queryHead.length !== dims * dims) throw corrupt('its query_head has another shape');
  return { table, nRow, dims, query, document, rowOfToken, queryHead };
}

/** A matrix of floats, or of bytes with a scale per row; undefined when there is none of that name. */
function matrix(tensors: ReadonlyMap<string, Tensor>, name: string): Float32Array | undefined {
  const tensor = tensors.get(name);
  if (!tensor) return undefined;
  if (tensor.values instanceof Float32Array) return tensor.values;
  const scale = tensors.get(`${name}_scale`)?.values;
  const [nRow = 0, nColumn = 0] = tensor.shape;
  if (!(scale instanceof Float32Array) || scale.length !== nRow) throw corrupt(`${name} has no scales`);
  // A plain loop: the table has millions of numbers, and `Float32Array.from` took the best part of a second.
  const numbers = new Float32Array(tensor.values.length);
  for (let row = 0, i = 0; row < nRow; row++) {
    for (const end = i + nColumn; i < end; i++) {
      numbers[i] = (tensor.values[i] as number) * (scale[row] as number);
    }
  }
  return numbers;
}

function multiply(rows: Float32Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return Float64Array.from(vector, (_, row) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (rows[row * n + i] as number) * (vector[i] as number);
    return sum;
  });
}

function unit(vector: Float64Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(vector, (value) => value / Math.max(length, 1e-12));
}

function corrupt(problem: string): EngineError {
  return new EngineError(
    'model-corrupt',
    `The search encoder cannot be used: ${problem}. Install Stet again.`,
  );
}
