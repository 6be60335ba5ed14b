/** parseRope: RoPE's base and scaling out of `config.json`, in the spellings Hugging Face has used. */

// Only scalings that multiply each frequency by a constant are let in: with those, moving cached keys
// by n positions is one rotation. Dynamic, YaRN and LongRoPE change with the length or the magnitude.

import { corruptConfig as corrupt, unsupportedModel as unsupported } from './config-error.ts';

/** RoPE frequency scaling that a position shift survives (a constant change of frequencies). */
export type RopeScaling =
  | { readonly kind: 'none' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      readonly originalMaxPositions: number;
    };

/** Reads `rope_theta` with `rope_scaling` (until 2025), or `rope_parameters` (since). */
export function parseRope(config: Readonly<Record<string, unknown>>): {
  theta: number;
  scaling: RopeScaling;
} {
  const parameters = config.rope_parameters ?? config.rope_scaling ?? undefined;
  if (parameters === undefined) return { theta: thetaOf(config.rope_theta), scaling: { kind: 'none' } };
  if (typeof parameters !== 'object' || parameters === null)
    throw corrupt('its RoPE scaling is not an object');
  const rope = parameters as Record<string, unknown>;
  const theta = thetaOf(rope.rope_theta ?? config.rope_theta);
  const partial = rope.partial_rotary_factor ?? 1;
  if (partial !== 1) throw unsupported('it rotates only a part of each head');
  return { theta, scaling: scalingOf(rope) };
}

function scalingOf(rope: Record<string, unknown>): RopeScaling {
  const kind = rope.rope_type ?? rope.type ?? 'default';
  if (kind === 'default') return { kind: 'none' };
  if (kind === 'linear') return { kind: 'linear', factor: positive(rope, 'factor') };
  if (kind !== 'llama3')
    throw unsupported(
      `its RoPE scaling is ${String(kind).slice(0, 40)}, and only linear and llama3 are supported`,
    );
  const scaling = {
    kind: 'llama3',
    factor: positive(rope, 'factor'),
    lowFreqFactor: positive(rope, 'low_freq_factor'),
    highFreqFactor: positive(rope, 'high_freq_factor'),
    originalMaxPositions: positive(rope, 'original_max_position_embeddings'),
  } as const;
  if (scaling.highFreqFactor > scaling.lowFreqFactor) return scaling;
  throw corrupt('"high_freq_factor" must be greater than "low_freq_factor"');
}

function thetaOf(value: unknown): number {
  return positive({ rope_theta: value ?? 10000 }, 'rope_theta');
}

function positive(from: Record<string, unknown>, key: string): number {
  const value = from[key];
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw corrupt(`"${key}" of its RoPE settings is ${String(value).slice(0, 40)}, not a positive number`);
}
