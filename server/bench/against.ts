/** against: what `--against KEY=VALUE` names: another model, format or setting to replay the same sessions with. */

import { resolve } from 'node:path';
import type { CompletionSettings } from '../src/engine/engine.ts';
import type { WeightFormat } from '../src/engine/model/weights.ts';
import type { SettingOptions } from './setting.ts';

export interface Against {
  /** As given on the command line, for tables. */
  readonly label: string;
  /** What differs in the model and in how it runs; empty: the same one serves. */
  readonly options: Partial<SettingOptions>;
  /** What differs in the request. */
  readonly completion: Partial<CompletionSettings>;
}

type Part = Partial<Pick<Against, 'options' | 'completion'>>;

/** What a value means; undefined: it is not one of the key's. */
const readers: Readonly<Record<string, (value: string) => Part | undefined>> = {
  model: (value) => ({ options: { modelFolder: resolve(value) } }),
  random: (value) => ({ options: { random: value } }),
  format: (value) =>
    /^(int8|int8-block|int4|fp32)$/.test(value) ? { options: { format: value as WeightFormat } } : undefined,
  threads: (value) => whole(value, (threads) => ({ options: { threads } })),
  editReuse: (value) =>
    /^(true|false)$/.test(value) ? { completion: { editReuse: value === 'true' } } : undefined,
  maxLines: (value) => whole(value, (maxLines) => ({ completion: { maxLines } })),
  maxTokens: (value) => whole(value, (maxTokens) => ({ completion: { maxTokens } })),
  contextTokens: (value) => whole(value, (contextTokens) => ({ completion: { contextTokens } })),
};

/** Undefined when nothing is given. Throws an Error that says what may be. */
export function parseAgainst(pairs: readonly string[]): Against | undefined {
  if (pairs.length === 0) return undefined;
  const parts = pairs.map((pair) => {
    const [, key = '', value = ''] = /^(\w+)=(.+)$/.exec(pair) ?? [];
    const part = Object.hasOwn(readers, key) ? readers[key]?.(value) : undefined;
    if (part) return part;
    throw new Error(
      `--against takes KEY=VALUE with one of ${Object.keys(readers).join(', ')}, not "${pair}".`,
    );
  });
  return {
    label: pairs.join(', '),
    options: Object.assign({}, ...parts.map(({ options }) => options)),
    completion: Object.assign({}, ...parts.map(({ completion }) => completion)),
  };
}

/** Counts of at most six digits: what is larger is a slip of the hand. */
function whole(value: string, part: (n: number) => Part): Part | undefined {
  return /^\d{1,6}$/.test(value) ? part(Number(value)) : undefined;
}
