/** readTensors: the tensors of a small safetensors file that is whole in memory, integers included. */

// Format: https://huggingface.co/docs/safetensors/index#format. model/safetensors.ts reads floats in
// blocks out of files of gigabytes; the encoder's 2 MB also hold bytes and token ids.

import { EngineError } from '../base/error.ts';

export interface Tensor {
  /** Outermost first. */
  readonly shape: readonly number[];
  readonly values: Int8Array | Uint16Array | Float32Array;
}

const arrays = { I8: Int8Array, U16: Uint16Array, F32: Float32Array } as const;

/** Throws EngineError('model-corrupt') where header and bytes do not fit together. */
export function readTensors(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const headerLength =
    bytes.length >= 8 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) : 0;
  if (headerLength < 2 || headerLength + 8 > bytes.length) throw corrupt('it has no header');
  const header = parseHeader(bytes.subarray(8, 8 + headerLength));
  const data = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, readTensor(name, entry, data));
  }
  return tensors;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof header === 'object' && header !== null) return header as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw corrupt('its header is not JSON');
}

function readTensor(name: string, entry: unknown, data: Uint8Array): Tensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const array = arrays[dtype as keyof typeof arrays];
  if (!array || !isCounts(shape) || !isCounts(offsets)) throw corrupt(`its header does not describe ${name}`);
  const [start, end] = offsets as [number, number];
  const length = shape.reduce((product, n) => product * n, 1);
  if (end > data.length || end - start !== length * array.BYTES_PER_ELEMENT) {
    throw corrupt(`the bytes of ${name} are not all there`);
  }
  return { shape, values: new array(new Uint8Array(data.subarray(start, end)).buffer) }; // a copy, so that it is aligned
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function corrupt(problem: string): EngineError {
  return new EngineError(
    'model-corrupt',
    `The search encoder's weights are damaged: ${problem}. Install Stet again.`,
  );
}
