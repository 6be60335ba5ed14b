/** rotateKey: moves a cached key to another position, R(delta) of rotary position embedding. */

// He et al. 2024, section 3.2 (https://arxiv.org/abs/2407.03157). A cached key is R(p) W h; wanted is
// R(p + delta) W h = R(delta) R(p) W h: one rotation, the same for every token that moves alike.

/** How elements pair up: `half` is (k, k + d/2) as in Hugging Face's Llama, `interleaved` is (2k, 2k + 1). */
export type RopeLayout = 'half' | 'interleaved';

/** Cosine and sine of one delta for each pair, float64 so that no error is added before the last rounding. */
export interface Rotation {
  readonly delta: number;
  readonly cos: Float64Array; // [headDim / 2]
  readonly sin: Float64Array; // [headDim / 2]
}

/** R(delta) for the frequencies of `rope.ts`; `delta` in tokens, of either sign. */
export function rotationBy(delta: number, inverseFrequencies: Float64Array): Rotation {
  return {
    delta,
    cos: inverseFrequencies.map((frequency) => Math.cos(delta * frequency)),
    sin: inverseFrequencies.map((frequency) => Math.sin(delta * frequency)),
  };
}

/** Writes R(delta) of `from[fromAt …]` to `to[toAt …]`, headDim numbers; the two may be the same place. */
export function rotateKey(
  rotation: Rotation,
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  layout: RopeLayout = 'half',
): void {
  const { cos, sin } = rotation;
  const nPair = cos.length;
  const stride = layout === 'half' ? 1 : 2;
  const partner = layout === 'half' ? nPair : 1;
  for (let k = 0; k < nPair; k++) {
    const i = k * stride;
    const a = from[fromAt + i] as number;
    const b = from[fromAt + i + partner] as number;
    const c = cos[k] as number;
    const s = sin[k] as number;
    to[toAt + i] = a * c - b * s;
    to[toAt + i + partner] = b * c + a * s;
  }
}
