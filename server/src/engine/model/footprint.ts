/** footprintOf: what a model of a given shape takes of disk and memory, and what a token costs, without loading it. */

// Counted by the same lists that the converter writes by (`weights.ts`), so that figures shown before a
// download are those that come true after it.

import type { ModelConfig } from './contract.ts';
import { blockFormat, headLinear, type LinearSpec, layerLinears, type WeightFormat } from './weights.ts';

export interface Footprint {
  readonly nLayer: number;
  /** The tied embedding counted once. */
  readonly nParameters: number;
  /** Of the converted weights. */
  readonly weightsBytes: number;
  /** Of them, what is read for one token: all layers and the output layer, not the table of embeddings. */
  readonly tokenBytes: number;
  /** Multiplications for one token of a prompt, whose logits nobody asks for: all layers. */
  readonly layerProducts: number;
}

const floatBytes = 4;

export function footprintOf(config: ModelConfig, format: WeightFormat): Footprint {
  const { nLayer, nVocab, dModel, headDim, maxPositions, tiedEmbeddings } = config;
  const layer = Object.values(layerLinears(config, 0));
  const head = headLinear(config);
  const nInLayer = sum(layer.map(({ nIn, nOut }) => nIn * nOut));
  const nNorm = (2 * nLayer + 1) * dModel;
  const layersBytes = nLayer * sum(layer.map((spec) => linearBytes(spec, format, 'layer')));
  const headBytes = linearBytes(head, format, 'vocabulary');
  // int8 keeps its output layer the other way round, so the table of embeddings is there once more.
  const tableBytes = tiedEmbeddings && format !== 'int8' ? 0 : headBytes;
  const anglesBytes = maxPositions * headDim * floatBytes; // cosines and sines of half a head each
  return {
    nLayer,
    nParameters: nLayer * nInLayer + nVocab * dModel * (tiedEmbeddings ? 1 : 2) + nNorm,
    weightsBytes: layersBytes + headBytes + tableBytes + anglesBytes + nNorm * floatBytes,
    tokenBytes: layersBytes + headBytes,
    layerProducts: nLayer * nInLayer,
  };
}

/** Weights with their scales and bias. */
function linearBytes(
  { nIn, nOut, hasBias }: LinearSpec,
  format: WeightFormat,
  where: 'layer' | 'vocabulary',
): number {
  const biasBytes = hasBias ? nOut * floatBytes : 0;
  if (format === 'fp32') return nIn * nOut * floatBytes + biasBytes;
  const block = blockFormat(format, nIn, where);
  if (!block) return nOut * (nIn + floatBytes) + biasBytes;
  return nOut * ((nIn * block.bits) / 8 + (nIn / block.blockSize) * floatBytes) + biasBytes;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
