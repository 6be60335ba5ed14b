/** stagesOf: the way of one request, key to ghost text, as stages that add up. */

import type { TraceParams } from '../../protocol/messages.ts';

export const stageNames = {
  editor: 'editor, before it asks',
  debounce: 'debounce',
  context: 'context and prompt',
  queue: 'waiting for the model',
  prefill: 'reading (prefill)',
  decode: 'writing (decode)',
  oracle: 'asking the types',
  filter: 'trimming and checks',
  wire: 'between the processes',
} as const;

export type StageName = keyof typeof stageNames;
export type StageMs = { readonly [S in StageName]: number };

/** What a request says of its times. */
export interface TimedRequest {
  readonly keydownMs?: number;
  readonly requestedMs: number;
  readonly answeredMs: number;
  readonly trace?: TraceParams;
}

/** Milliseconds by stage, in their order. What no stage accounts for was spent between the processes. */
export function stagesOf({ keydownMs, requestedMs, answeredMs, trace }: TimedRequest): StageMs {
  const server = trace?.stages ?? {};
  const known = Object.keys(stageNames).filter((name) => name !== 'editor' && name !== 'wire');
  const spent = known.reduce((sum, name) => sum + (server[name] ?? 0), 0);
  const of = (name: string) => server[name] ?? 0;
  return {
    editor: keydownMs === undefined ? 0 : requestedMs - keydownMs,
    debounce: of('debounce'),
    context: of('context'),
    queue: of('queue'),
    prefill: of('prefill'),
    decode: of('decode'),
    oracle: of('oracle'),
    filter: of('filter'),
    wire: Math.max(0, answeredMs - requestedMs - spent),
  };
}
