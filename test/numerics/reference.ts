/** referenceLogits: a decoder's forward pass in float64, written plainly and apart from the product. */

// No cache, no batches, no fused operators, and nothing imported from the code under test: what the
// graph computes is checked against this. Weights may first be quantised and dequantised, and inputs
// of linear layers rounded, as a weight format does it, so that a comparison stays tight.

/** By Hugging Face tensor name. */
type ReferenceTensors = ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;

type ReferenceFormat = 'fp32' | 'int8' | 'int8-block' | 'int4';

interface ReferenceInput {
  readonly tokens: readonly number[];
  /** RoPE positions; 0, 1, … when absent. */
  readonly positions?: readonly number[];
  /** Whether token i may attend to token j; j ≤ i when absent. */
  readonly canSee?: (i: number, j: number) => boolean;
}

type Vector = Float64Array<ArrayBuffer>;
type Matrix = { rows: Vector[] /** Rounds an input as the format does. */; prepare: (x: Vector) => Vector };
type Json = Record<string, unknown>;

export class Reference {
  private readonly matrices = new Map<string, Matrix>();
  private readonly frequencies: Vector;

  constructor(
    private readonly config: Json,
    private readonly tensors: ReferenceTensors,
    private readonly format: ReferenceFormat = 'fp32',
  ) {
    this.frequencies = ropeFrequencies(config);
  }

  /** [token][nVocab] */
  logits(input: ReferenceInput): Vector[] {
    const { tokens, canSee = (i: number, j: number) => j <= i } = input;
    const positions = input.positions ?? tokens.map((_, i) => i);
    const embedding = this.embeddingRows();
    let x = tokens.map((token) => Float64Array.from(embedding[token] as Vector));
    for (let layer = 0; layer < (this.config.num_hidden_layers as number); layer++) {
      const at = `model.layers.${layer}`;
      const normed = x.map((v) => this.norm(v, `${at}.input_layernorm.weight`));
      const attended = this.attention(normed, `${at}.self_attn`, positions, canSee);
      x = x.map((v, i) => add(v, attended[i] as Vector));
      x = x.map((v) =>
        add(v, this.feedForward(this.norm(v, `${at}.post_attention_layernorm.weight`), `${at}.mlp`)),
      );
    }
    const head = this.config.tie_word_embeddings ? 'model.embed_tokens' : 'lm_head';
    return x.map((v) => this.linear(this.norm(v, 'model.norm.weight'), head, 'vocabulary'));
  }

  private attention(
    x: Vector[],
    at: string,
    positions: readonly number[],
    canSee: (i: number, j: number) => boolean,
  ): Vector[] {
    const nHead = this.config.num_attention_heads as number;
    const nKvHead = this.config.num_key_value_heads as number;
    const size = this.config.head_dim as number;
    const heads = (name: string, rotate: boolean) =>
      x.map((v, i) => {
        const flat = this.linear(v, `${at}.${name}_proj`);
        const split = Array.from({ length: flat.length / size }, (_, h) =>
          flat.slice(h * size, (h + 1) * size),
        );
        return rotate ? split.map((head) => this.rotate(head, positions[i] as number)) : split;
      });
    const [queries, keys, values] = [heads('q', true), heads('k', true), heads('v', false)];
    return x.map((_, i) => {
      const out = new Float64Array(nHead * size);
      for (let head = 0; head < nHead; head++) {
        const kv = Math.floor(head / (nHead / nKvHead));
        const query = queries[i]![head]!;
        const seen = x.map((_, j) => j).filter((j) => canSee(i, j));
        const scores = seen.map((j) => dot(query, keys[j]![kv]!) / Math.sqrt(size));
        const top = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - top));
        const total = weights.reduce((a, b) => a + b, 0);
        seen.forEach((j, n) => {
          for (let e = 0; e < size; e++) {
            out[head * size + e]! += (weights[n]! / total) * values[j]![kv]![e]!;
          }
        });
      }
      return this.linear(out, `${at}.o_proj`);
    });
  }

  private feedForward(x: Vector, at: string): Vector {
    const gate = this.linear(x, `${at}.gate_proj`);
    const up = this.linear(x, `${at}.up_proj`);
    return this.linear(
      gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!),
      `${at}.down_proj`,
    );
  }

  private norm(x: Vector, gain: string): Vector {
    const { data } = this.tensor(gain);
    const mean = dot(x, x) / x.length;
    const scale = 1 / Math.sqrt(mean + (this.config.rms_norm_eps as number));
    return x.map((v, i) => v * scale * data[i]!);
  }

  /** Rotate-half: element i with element i + size/2. */
  private rotate(head: Vector, position: number): Vector {
    const half = head.length / 2;
    const out = new Float64Array(head.length);
    for (let i = 0; i < half; i++) {
      const [c, s] = [Math.cos(position * this.frequencies[i]!), Math.sin(position * this.frequencies[i]!)];
      out[i] = head[i]! * c - head[i + half]! * s;
      out[i + half] = head[i + half]! * c + head[i]! * s;
    }
    return out;
  }

  private linear(x: Vector, name: string, where: 'layer' | 'vocabulary' = 'layer'): Vector {
    const { rows, prepare } = this.matrix(name, where);
    const input = prepare(x);
    const bias = this.tensors.get(`${name}.bias`)?.data;
    return Float64Array.from(rows, (row, i) => dot(row, input) + (bias?.[i] ?? 0));
  }

  private embeddingRows(): Vector[] {
    return this.matrix('model.embed_tokens', 'vocabulary').rows;
  }

  private matrix(name: string, where: 'layer' | 'vocabulary'): Matrix {
    const known = this.matrices.get(name);
    if (known !== undefined) return known;
    const { shape, data } = this.tensor(`${name}.weight`);
    const nIn = shape[1]!;
    const rows = Array.from({ length: shape[0]! }, (_, i) =>
      Float64Array.from(data.subarray(i * nIn, (i + 1) * nIn)),
    );
    const bits = this.format === 'int4' && where === 'layer' ? 4 : 8;
    const most = bits === 4 ? 32 : 128;
    const block = this.format === 'int8' ? nIn : [128, 64, 32, 16].find((n) => n <= most && nIn % n === 0)!;
    const matrix: Matrix =
      this.format === 'fp32'
        ? { rows, prepare: (x) => x }
        : { rows: rows.map((row) => rounded(row, block, bits)), prepare: (x) => rounded(x, block, 8) };
    this.matrices.set(name, matrix);
    return matrix;
  }

  private tensor(name: string): { shape: readonly number[]; data: Float32Array } {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new Error(`no tensor ${name}`);
    return tensor;
  }
}

/** Each block of `x` on a grid: ±127 steps for 8 bits, -8…7 with the extreme element at -8 for 4. */
function rounded(x: Vector, block: number, bits: 4 | 8): Vector {
  const out = new Float64Array(x.length);
  for (let from = 0; from < x.length; from += block) {
    const part = x.subarray(from, from + block);
    const extreme = part.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    if (extreme === 0) continue;
    const step = bits === 8 ? Math.abs(extreme) / 127 : extreme / -8;
    part.forEach((v, i) => {
      const n = Math.round(v / step);
      out[from + i] = Math.fround(step) * (bits === 8 ? n : Math.min(7, Math.max(-8, n)));
    });
  }
  return out;
}

/** After Hugging Face's `modeling_rope_utils.py`. */
function ropeFrequencies(config: Json): Vector {
  const size = config.head_dim as number;
  const theta = config.rope_theta as number;
  const scaling = (config.rope_scaling ?? {}) as Record<string, number | string>;
  const kind = scaling.rope_type ?? scaling.type ?? 'default';
  const factor = Number(scaling.factor);
  return Float64Array.from({ length: size / 2 }, (_, i) => {
    const base = 1 / theta ** ((2 * i) / size);
    if (kind === 'default') return base;
    if (kind === 'linear') return base / factor;
    const [low, high] = [Number(scaling.low_freq_factor), Number(scaling.high_freq_factor)];
    const context = Number(scaling.original_max_position_embeddings);
    const wavelength = (2 * Math.PI) / base;
    if (wavelength < context / high) return base;
    if (wavelength > context / low) return base / factor;
    const smooth = (context / wavelength - low) / (high - low);
    return ((1 - smooth) * base) / factor + smooth * base;
  });
}

function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(a: Vector, b: Vector): Vector {
  return a.map((v, i) => v + b[i]!);
}
