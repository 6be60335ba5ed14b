/** checkRequest: refuses a forward pass that the runtime would fail on, or worse, would not. */

// A full arena or a position past the cosine table is not reliably noticed inside the runtime, so
// everything is checked here, where it costs microseconds.

import { EngineError } from '../engine/base/error.ts';
import type { ForwardRequest } from '../engine/model/backend.ts';
import type { ModelConfig } from '../engine/model/contract.ts';

/** Throws EngineError('backend-failed') unless `request` can be run on a model of this shape. */
export function checkRequest(request: ForwardRequest, config: ModelConfig): void {
  const { arena, tokens, start, positions, attentionBias, logitsOf } = request;
  const nToken = tokens.length / arena.nBatch;
  const refuse = (isWrong: boolean, problem: string) => {
    if (isWrong)
      throw new EngineError('backend-failed', `The model was asked for the impossible: ${problem}.`, false);
  };
  const { nLayer, nKvHead, headDim } = arena.config;
  const isOurs = nLayer === config.nLayer && nKvHead === config.nKvHead && headDim === config.headDim;
  refuse(!isOurs, 'the arena belongs to a model of another shape');
  refuse(!Number.isInteger(nToken) || nToken < 1, `${tokens.length} tokens for a batch of ${arena.nBatch}`);
  refuse(!isIndex(start, arena.nRow), `row ${start} of an arena of ${arena.nRow}`);
  refuse(start + nToken > arena.nRow, `${nToken} tokens at row ${start} of an arena of ${arena.nRow}`);
  // The attention operator itself has this limit. Several continuations fit one text with a tree mask.
  refuse(arena.nBatch > 1 && nToken > 1 && start > 0, 'a batch goes on one token at a time');
  refuse(!allIndices(tokens, config.nVocab), `a token outside the vocabulary of ${config.nVocab}`);
  if (positions === undefined) {
    refuse(start + nToken > config.maxPositions, `more than ${config.maxPositions} positions`);
  } else {
    refuse(positions.length !== tokens.length, `${positions.length} positions for ${tokens.length} tokens`);
    refuse(!allIndices(positions, config.maxPositions), `a position outside [0, ${config.maxPositions})`);
    const isFirstBatch = arena.nBatch > 1 && start === 0 && nToken > 1;
    refuse(isFirstBatch, 'positions of a batch at row 0, which are always 0, 1, …');
  }
  const nBias = nToken * (start + nToken);
  refuse((attentionBias?.length ?? nBias) !== nBias, `a bias of ${attentionBias?.length}, not ${nBias}`);
  refuse(logitsOf.length === 0 || !allIndices(logitsOf, nToken), `logits of a token outside [0, ${nToken})`);
}

/**
 * The request as two, its first token and the rest, if it must be cut: with several tokens at row 0
 * GroupQueryAttention (onnxruntime 1.30.0) takes positions 0, 1, … whatever `position_ids` says.
 */
export function cutIfNeeded(request: ForwardRequest): readonly [ForwardRequest, ForwardRequest] | undefined {
  const { tokens, start, positions, attentionBias, logitsOf } = request;
  const nToken = tokens.length; // checkRequest lets no batch come here
  if (start > 0 || nToken === 1 || positions === undefined || isCounting(positions)) return undefined;
  const slice = (values: ArrayLike<number>, from: number, to: number) =>
    Array.prototype.slice.call(values, from, to);
  const first = {
    ...request,
    tokens: slice(tokens, 0, 1),
    positions: slice(positions, 0, 1),
    ...(attentionBias && { attentionBias: attentionBias.subarray(0, 1) }),
    logitsOf: [0],
  };
  const rest = {
    ...request,
    tokens: slice(tokens, 1, nToken),
    start: 1,
    positions: slice(positions, 1, nToken),
    ...(attentionBias && { attentionBias: attentionBias.subarray(nToken) }),
    logitsOf: logitsOf.map((row) => Math.max(0, row - 1)), // the caller puts the first token's in place
  };
  return [first, rest];
}

function isCounting(positions: ArrayLike<number>): boolean {
  for (let i = 0; i < positions.length; i++) if (positions[i] !== i) return false;
  return true;
}

function isIndex(value: number, length: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < length;
}

function allIndices(values: ArrayLike<number>, length: number): boolean {
  for (let i = 0; i < values.length; i++) if (!isIndex(values[i] as number, length)) return false;
  return true;
}
