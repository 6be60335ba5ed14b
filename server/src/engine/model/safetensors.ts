/** Safetensors: reads tensors as float32 out of `.safetensors` files, a block of rows at a time. */

// Format: https://huggingface.co/docs/safetensors/index#format. Little-endian header length (8 bytes),
// a JSON header, then the tensors' bytes. Everything in the header is checked against the file's size
// before it is used. A model is never whole in memory: that is what lets 16 GB machines import 3B.

import { EngineError } from '../base/error.ts';

/** A file that can be read at any offset; `node/` makes it real. */
export interface RandomAccessFile {
  /** As a person knows it, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Exactly the bytes [start, start + length). */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Where the graph writer takes weights from. */
export interface TensorSource {
  readonly names: ReadonlySet<string>;
  /** Outermost first. Asks only for known names. */
  shapeOf(name: string): readonly number[];
  /** Elements [start, start + length) of the tensor, row-major. */
  readElements(name: string, start: number, length: number): Promise<Float32Array>;
}

/** Hugging Face's files have headers of some 100 kB; the format's own limit is 100 MB. */
const headerLimitBytes = 32 << 20;

const widthBytes: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };

interface Entry {
  readonly file: RandomAccessFile;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly startBytes: number;
}

/** Opens one file, or all the shards of a model; a name in two of them is an error. */
export async function openSafetensors(files: readonly RandomAccessFile[]): Promise<TensorSource> {
  const entries = new Map<string, Entry>();
  for (const file of files) {
    for (const [name, entry] of await readHeader(file)) {
      if (entries.has(name)) throw corrupt(file, `the tensor ${name} is in two files`);
      entries.set(name, entry);
    }
  }
  return new Reader(entries);
}

class Reader implements TensorSource {
  readonly names: ReadonlySet<string>;

  constructor(private readonly entries: ReadonlyMap<string, Entry>) {
    this.names = new Set(entries.keys());
  }

  shapeOf(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  async readElements(name: string, start: number, length: number): Promise<Float32Array> {
    const { file, dtype, startBytes } = this.entry(name);
    const width = widthBytes[dtype];
    if (width === undefined) {
      throw new EngineError(
        'model-unsupported',
        `The tensor ${name} in ${file.name} is stored as ${dtype}; only F32, F16 and BF16 are supported. Choose the model's original, unquantised weights.`,
      );
    }
    return toFloat32(await file.read(startBytes + start * width, length * width), dtype);
  }

  private entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (entry !== undefined) return entry;
    throw new EngineError(
      'model-corrupt',
      `The model's weights lack the tensor ${name}. A shard may be missing, or config.json belongs to another model: download the model again.`,
    );
  }
}

async function readHeader(file: RandomAccessFile): Promise<Map<string, Entry>> {
  if (file.sizeBytes < 8) throw corrupt(file, `it has only ${file.sizeBytes} bytes`);
  const head = await file.read(0, 8);
  if (isLfsPointer(head)) {
    throw corrupt(file, 'it is a Git LFS pointer, not the weights (run "git lfs pull" in its repository)');
  }
  const headerBytes = Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
  if (headerBytes > headerLimitBytes) throw corrupt(file, 'it does not begin like a safetensors file');
  if (8 + headerBytes > file.sizeBytes) throw corrupt(file, 'it is truncated inside its header');
  const header = parseHeader(file, await file.read(8, headerBytes));
  const entries = new Map<string, Entry>();
  let end = 0;
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { entry, endBytes } = readEntry(file, name, value, 8 + headerBytes);
    entries.set(name, entry);
    end = Math.max(end, endBytes);
  }
  if (end > file.sizeBytes) {
    throw corrupt(file, `it is truncated: it has ${file.sizeBytes} of at least ${end} bytes`);
  }
  return entries;
}

function parseHeader(file: RandomAccessFile, bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    header = undefined; // said below, in words that help
  }
  if (typeof header === 'object' && header !== null && !Array.isArray(header)) {
    return header as Record<string, unknown>;
  }
  throw corrupt(file, 'its header is not JSON');
}

/** An entry whose shape, dtype and byte range agree; whether the range is in the file is checked later. */
function readEntry(
  file: RandomAccessFile,
  name: string,
  value: unknown,
  dataStart: number,
): { entry: Entry; endBytes: number } {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const isSound =
    typeof dtype === 'string' &&
    isCounts(shape) &&
    isCounts(offsets) &&
    offsets.length === 2 &&
    (offsets[0] as number) <= (offsets[1] as number);
  if (!isSound) throw corrupt(file, `its entry for ${name.slice(0, 80)} is malformed`);
  const [start, end] = offsets as [number, number];
  const width = widthBytes[dtype]; // other dtypes are refused only if the model needs the tensor
  const nElement = shape.reduce((product, n) => product * n, 1);
  if (width !== undefined && end - start !== nElement * width) {
    throw corrupt(
      file,
      `the tensor ${name.slice(0, 80)} has ${end - start} bytes for the shape [${shape.join(', ')}]`,
    );
  }
  return { entry: { file, dtype, shape, startBytes: dataStart + start }, endBytes: dataStart + end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isLfsPointer(head: Uint8Array): boolean {
  return new TextDecoder().decode(head) === 'version ';
}

/** Widens to float32; exact for all three dtypes. Assumes a little-endian machine, as ORT's are. */
function toFloat32(bytes: Uint8Array, dtype: string): Float32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  if (dtype === 'F32') return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.length / 4);
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, bytes.length / 2);
  const words = new Uint32Array(halves.length);
  if (dtype === 'BF16') for (let i = 0; i < halves.length; i++) words[i] = (halves[i] as number) << 16;
  else for (let i = 0; i < halves.length; i++) words[i] = halfToFloatBits(halves[i] as number);
  return new Float32Array(words.buffer);
}

function halfToFloatBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const magnitude = half & 0x7fff;
  if (magnitude >= 0x7c00) return sign | 0x7f800000 | ((magnitude & 0x3ff) << 13); // infinity, NaN
  if (magnitude >= 0x400) return sign | ((magnitude << 13) + (112 << 23)); // 112 = 127 - 15
  if (magnitude === 0) return sign;
  const shift = Math.clz32(magnitude) - 21; // subnormal: bring its first bit to position 10
  return sign | ((113 - shift) << 23) | (((magnitude << shift) & 0x3ff) << 13);
}

function corrupt(file: RandomAccessFile, problem: string): EngineError {
  return new EngineError(
    'model-corrupt',
    `The model's file ${file.name} cannot be used: ${problem}. Download it again.`,
  );
}
