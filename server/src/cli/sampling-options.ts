/** samplingOptions: the command line's options for writing by chance. */

import type { SamplingOptions } from '../engine/decoding/sampling.ts';
import { UsageError } from './command.ts';

export const samplingOptions = {
  temperature: { type: 'string' },
  'top-k': { type: 'string' },
  'top-p': { type: 'string' },
  'min-p': { type: 'string' },
  seed: { type: 'string' },
} as const;

export const samplingHelp = [
  '--temperature T      write by chance, T from 0.05 to 5 (default: the likeliest token, always)',
  '--top-k N, --top-p P, --min-p P, --seed N   which tokens may be drawn, and which draws (with --temperature)',
];

type Values = { readonly [K in keyof typeof samplingOptions]?: string | undefined };

/** Undefined without `--temperature`. Throws UsageError for what is no number or out of range. */
export function samplingOf(values: Values): SamplingOptions | undefined {
  const number = (name: keyof Values, fallback: number, min: number, max: number): number => {
    const text = values[name];
    if (text === undefined) return fallback;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!(value >= min && value <= max)) {
      throw new UsageError(`--${name} takes a number from ${min} to ${max}, not "${text}".`);
    }
    return value;
  };
  const options = {
    temperature: number('temperature', 1, 0.05, 5),
    topK: Math.round(number('top-k', 0, 0, 1_000_000)),
    topP: number('top-p', 1, 0.01, 1),
    minP: number('min-p', 0, 0, 1),
    seed: Math.round(number('seed', 0, 0, 2 ** 31 - 1)),
  };
  return values.temperature === undefined ? undefined : options;
}
