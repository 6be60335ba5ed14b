/** decoderGraph: the ONNX graph of a Llama-family decoder, written by us so that no Python is needed. */

// Shapes: B = batch, S = new tokens, P = rows of the arena, T = past + S, n = logit rows asked for.
// Every integer input is int32, because JavaScript fills an Int32Array at once and a BigInt64Array
// one BigInt at a time. docs/model-format.md lists inputs and outputs and gives the measurements.

import { defined } from '../base/assert.ts';
import type { ModelConfig } from './contract.ts';
import { LinearWriter } from './graph-linear.ts';
import { microsoft, OnnxFile } from './onnx-file.ts';
import { layerLinears, type StoredWeights, type WeightFormat } from './weights.ts';

/**
 * What becomes of new keys and values:
 * - `in-place`: `present_*` are outputs bound to the memory of `past_*`. The first output is an empty
 *   sequence, at which onnxruntime-node 1.30.0 gives up before it copies anything (`node/onnx.ts`).
 * - `delta`: the new rows are one output, which JavaScript copies into the arena.
 */
export type KvOutputs = 'in-place' | 'delta';

/** Increase when anything written to the cache changes: older caches are then converted anew. */
export const graphVersion = 1;

export const stopOutput = 'a_stop';

interface GraphOptions {
  readonly format: WeightFormat;
  readonly kvOutputs: KvOutputs;
  /** Name of the weights file, beside the graph's own. */
  readonly weightsFile: string;
}

/** The bytes of the `.onnx` file. */
export function decoderGraph(config: ModelConfig, weights: StoredWeights, options: GraphOptions): Uint8Array {
  const file = new OnnxFile(options.weightsFile);
  const stored = (name: string) => file.stored(name, defined(weights.get(name), `${name} was converted`));
  const linear = new LinearWriter(file, weights, config, options.format);

  file.input('input_ids', 'int32', ['B', 'S']);
  file.input('logit_rows', 'int32', ['n']); // indices into S
  file.input('last_row', 'int32', ['B']); // T - 1, for every text of the batch
  file.input('total_rows', 'int32', []); // T
  file.input('position_ids', 'int32', ['B', 'S']); // may repeat and jump
  file.input('attention_bias', 'float32', [1, 1, 'S', 'T']); // added to causal attention's scores
  const attentionInputs = {
    cos: stored('cos'),
    sin: stored('sin'),
    positions: file.node('Cast', ['position_ids'], { to: 7 }), // the operator wants int64
  };

  const epsilon = { epsilon: { float: config.rmsNormEps } };
  let residual = linear.embed('input_ids'); // [B, S, dModel]
  let hidden = file.node('SimplifiedLayerNormalization', [residual, stored('layer0.attentionNorm')], {
    axis: -1,
    stash_type: 1,
    ...epsilon,
  });
  /** residual += x; hidden = RMSNorm(residual) * gain. One operator, so the sum is read only once. */
  const addAndNormalise = (x: string, gain: string) => {
    const normed = file.name('normed');
    const sum = file.name('residual');
    const inputs = [residual, x, stored(gain)];
    file.nodeTo([normed, '', '', sum], 'SkipSimplifiedLayerNormalization', inputs, epsilon, microsoft);
    residual = sum;
    hidden = normed;
  };
  for (let layer = 0; layer < config.nLayer; layer++) {
    const { qkv, output, gateUp, down } = layerLinears(config, layer);
    const attended = writeAttention(file, config, layer, linear.write(hidden, qkv), attentionInputs);
    addAndNormalise(linear.write(attended, output), `layer${layer}.ffnNorm`);
    const product = writeSwiGlu(file, linear.write(hidden, gateUp));
    const isLast = layer === config.nLayer - 1;
    addAndNormalise(linear.write(product, down), isLast ? 'norm' : `layer${layer + 1}.attentionNorm`);
  }
  // Only the rows asked for go through the output layer, the largest matrix of a small model.
  const rows = file.node('Gather', [hidden, 'logit_rows'], { axis: 1 });
  file.nodeTo(['logits'], 'Identity', [linear.writeHead(rows)]);
  writeOutputs(file, config, options.kvOutputs);
  return file.finish();
}

/** [B, S, (nHead + 2 nKvHead) headDim] → [B, S, nHead * headDim]; RoPE happens inside. */
function writeAttention(
  file: OnnxFile,
  { nHead, nKvHead, headDim }: ModelConfig,
  layer: number,
  qkv: string,
  { cos, sin, positions }: { cos: string; sin: string; positions: string },
): string {
  const [pastKey, pastValue] = [`past_key_${layer}`, `past_value_${layer}`];
  const rows = ['B', nKvHead, 'P', headDim];
  file.input(pastKey, 'float32', rows);
  file.input(pastValue, 'float32', rows);
  const attended = file.name('attended');
  file.nodeTo(
    [attended, `present_key_${layer}`, `present_value_${layer}`],
    'GroupQueryAttention',
    [qkv, '', '', pastKey, pastValue, 'last_row', 'total_rows', cos, sin, positions, 'attention_bias'],
    {
      num_heads: nHead,
      kv_num_heads: nKvHead,
      do_rotary: 1,
      rotary_interleaved: 0,
      scale: { float: 1 / Math.sqrt(headDim) },
    },
    microsoft,
  );
  return attended;
}

/** [B, S, 2 dFfn] → silu(first half) * second half, [B, S, dFfn]. */
function writeSwiGlu(file: OnnxFile, gateUp: string): string {
  const [gate, up] = [file.name('gate'), file.name('up')];
  file.nodeTo([gate, up], 'Split', [gateUp], { axis: -1, num_outputs: 2 });
  const silu = file.node('Mul', [gate, file.node('Sigmoid', [gate])]); // fused by ONNX Runtime
  return file.node('Mul', [silu, up]);
}

function writeOutputs(file: OnnxFile, config: ModelConfig, kvOutputs: KvOutputs): void {
  const { nLayer, nKvHead, headDim, nVocab } = config;
  const presents = Array.from({ length: nLayer }, (_, layer) => [
    `present_key_${layer}`,
    `present_value_${layer}`,
  ]).flat();
  if (kvOutputs === 'in-place') {
    file.nodeTo([stopOutput], 'SequenceEmpty', [], { dtype: 1 });
    file.sequenceOutput(stopOutput); // must come first
    file.output('logits', 'float32', ['B', 'n', nVocab]);
    for (const name of presents) file.output(name, 'float32', ['B', nKvHead, 'P', headDim]);
    return;
  }
  file.output('logits', 'float32', ['B', 'n', nVocab]);
  file.input('first_new_row', 'int32', [1]); // T - S
  const rowAxis = file.constant('row_axis', 'int32', [1], Int32Array.of(2));
  const whole = file.constant('whole', 'int64', [1], BigInt64Array.of(1n));
  const end = file.node('Reshape', ['total_rows', whole]);
  const news = presents.map((name) => file.node('Slice', [name, 'first_new_row', end, rowAxis]));
  file.nodeTo(['new_rows'], 'Concat', news, { axis: 0 });
  file.output('new_rows', 'float32', ['layersTimesB', nKvHead, 'S', headDim]);
}
