/** Protocols: how servers of models are asked to fill in the middle, and how they answer. */

// llama.cpp: POST /infill (https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md).
// OpenAI: POST /v1/completions with `prompt` and `suffix`. vLLM and others refuse a suffix; for them the
// prompt is written with the model's own sentinels, by a template.

import { EngineError } from '../../engine/base/error.ts';
import type { InfillChunk, InfillRequest } from '../../engine/completion/remote.ts';

export interface Protocol {
  /** Behind the server's address. */
  readonly path: string;
  bodyOf(request: InfillRequest): object;
  /** What one event says; undefined when it is nothing that this protocol knows. */
  chunkOf(event: Readonly<Record<string, unknown>>): InfillChunk | undefined;
}

export const llamaCpp: Protocol = {
  path: '/infill',
  bodyOf: ({ prefix, suffix, extra, maxTokens }) => ({
    input_prefix: prefix,
    input_suffix: suffix,
    input_extra: extra.map(({ path, text }) => ({ filename: path, text })),
    prompt: '',
    n_predict: maxTokens,
    temperature: 0,
    cache_prompt: true,
    stream: true,
  }),
  chunkOf: ({ content, stop, stop_type, stopped_limit }) => {
    if (typeof content !== 'string') return undefined;
    const isCutOff = stop === true && (stop_type === 'limit' || stopped_limit === true);
    return { text: content, ...(isCutOff && { isCutOff }) };
  },
};

/** `template` may be empty: then the server knows what to do with a suffix. */
export function openAi(model: string, template: string): Protocol {
  const fill = template && templateOf(template);
  return {
    path: '/v1/completions',
    bodyOf: ({ prefix, suffix, maxTokens }) => ({
      ...(model && { model }),
      ...(fill
        ? { prompt: fill.prompt(prefix, suffix), stop: fill.sentinels.slice(0, maxStops) }
        : { prompt: prefix, suffix }),
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
    }),
    chunkOf: ({ choices }) => {
      const [choice] = Array.isArray(choices) ? choices : [];
      if (Array.isArray(choices) && choices.length === 0) return { text: '' }; // figures of use, at the end
      const { text, finish_reason } = (choice ?? {}) as Record<string, unknown>;
      if (typeof text !== 'string') return undefined;
      return { text, ...(finish_reason === 'length' && { isCutOff: true }) };
    },
  };
}

/** As many as OpenAI's interface takes. */
const maxStops = 4;

/**
 * A prompt with sentinels. Text that spells one out gets a blank behind its first character: what stands
 * in a file stays text.
 */
function templateOf(template: string) {
  const parts = template.split(/\{(prefix|suffix)\}/);
  const names = parts.filter((_, i) => i % 2 === 1);
  if (names.toSorted().join() !== 'prefix,suffix') {
    throw new EngineError(
      'remote-failed',
      'stet.completion.remoteTemplate must have {prefix} and {suffix} once each, such as <|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>.',
    );
  }
  const sentinels = parts.filter((part, i) => i % 2 === 0 && part.trim() !== '').map((part) => part.trim());
  const asText = (text: string) =>
    sentinels.reduce((all, mark) => all.replaceAll(mark, `${mark.charAt(0)} ${mark.slice(1)}`), text);
  return {
    sentinels,
    prompt: (prefix: string, suffix: string) =>
      parts.map((part, i) => (i % 2 === 0 ? part : asText(part === 'prefix' ? prefix : suffix))).join(''),
  };
}
