/** Quantisers: float32 weight rows to 8 and 4 bits, in the layouts that the graph's operators read. */

// Symmetric round-to-nearest throughout: no calibration data, so an import needs nothing but the
// weights. Rows are a linear layer's outputs, as PyTorch stores them: [nOut, nIn] row-major.

/** The greatest magnitude of an 8-bit weight; -128 is left out so that the range is symmetric. */
const int8Max = 127;

/** Stands in for the scale of an all-zero row or block, where any scale is right but 0 divides. */
const scaleOfNothing = 1e-8;

/** Each row to int8 with one scale: weight ≈ quantised * scale. */
export function quantizeRows(rows: Float32Array, nIn: number): { data: Int8Array; scales: Float32Array } {
  const nRow = rows.length / nIn;
  const data = new Int8Array(rows.length);
  const scales = new Float32Array(nRow);
  for (let row = 0; row < nRow; row++) {
    const from = row * nIn;
    const scale = largest(rows, from, nIn).magnitude / int8Max || scaleOfNothing;
    scales[row] = scale;
    for (let i = from; i < from + nIn; i++) data[i] = Math.round((rows[i] as number) / scale);
  }
  return { data, scales };
}

/** Collects int8 rows as the columns of a [nIn, nOut] matrix, the layout of MatMulInteger. */
export class ColumnQuantizer {
  readonly data: Int8Array; // [nIn, nOut]
  readonly scales: Float32Array; // [nOut]
  private nDone = 0;

  constructor(
    private readonly nOut: number,
    private readonly nIn: number,
  ) {
    this.data = new Int8Array(nIn * nOut);
    this.scales = new Float32Array(nOut);
  }

  /** The next rows, [any, nIn]. */
  put(rows: Float32Array): void {
    const { nIn, nOut } = this;
    const quantized = quantizeRows(rows, nIn);
    this.scales.set(quantized.scales, this.nDone);
    const nRow = rows.length / nIn;
    // Tiles of 64 rows keep both the rows read and the cache lines written in the L2 cache.
    for (let tile = 0; tile < nRow; tile += 64) {
      const tileEnd = Math.min(nRow, tile + 64);
      for (let i = 0; i < nIn; i++) {
        const to = i * nOut + this.nDone;
        for (let row = tile; row < tileEnd; row++) {
          this.data[to + row] = quantized.data[row * nIn + i] as number;
        }
      }
    }
    this.nDone += nRow;
  }
}

/** How MatMulNBits and GatherBlockQuantized hold a matrix: blocks of a row share one scale. */
export interface BlockFormat {
  readonly bits: 4 | 8;
  /** Elements per scale, a power of two ≥ 16 that divides nIn. */
  readonly blockSize: number;
}

/**
 * Rows to unsigned values around a zero point of 8 or 128, two 4-bit values per byte, low first:
 * weight ≈ (value - zero point) * scale.
 */
export function quantizeBlocks(
  rows: Float32Array,
  { bits, blockSize }: BlockFormat,
): { data: Uint8Array; scales: Float32Array } {
  const data = new Uint8Array((rows.length * bits) / 8);
  const scales = new Float32Array(rows.length / blockSize);
  scales.forEach((_, block) => {
    const from = block * blockSize;
    const { magnitude, value } = largest(rows, from, blockSize);
    // Of 4-bit values -8…7 the extreme element takes -8 whatever its sign (a negative scale is fine):
    // llama.cpp's Q4_0, and 1/8 less error than -7…7.
    const scale = (bits === 4 ? value / -8 : magnitude / int8Max) || scaleOfNothing;
    scales[block] = scale;
    if (bits === 8) {
      for (let i = from; i < from + blockSize; i++) {
        data[i] = Math.round((rows[i] as number) / scale) + 128;
      }
    } else {
      for (let i = from; i < from + blockSize; i += 2) {
        data[i >> 1] = nibble((rows[i] as number) / scale) | (nibble((rows[i + 1] as number) / scale) << 4);
      }
    }
  });
  return { data, scales };
}

function nibble(value: number): number {
  return Math.min(15, Math.max(0, Math.round(value) + 8));
}

/** The element of greatest magnitude in [from, from + length). */
function largest(values: Float32Array, from: number, length: number): { magnitude: number; value: number } {
  let magnitude = 0;
  let value = 0;
  for (let i = from; i < from + length; i++) {
    const candidate = values[i] as number;
    if (Math.abs(candidate) > magnitude) {
      magnitude = Math.abs(candidate);
      value = candidate;
    }
  }
  return { magnitude, value };
}
