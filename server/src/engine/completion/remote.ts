/** generateRemotely: has a model on another machine write at a place, in the stead of `generate`. */

// The prompt's windows, the stop rules and all that comes after them are those of the local model. What
// needs the model's logits or its cache is not to be had over HTTP: edit reuse, drafts, the mixture with
// the open files, names that exist while a token is chosen, how sure it is, and others to choose from.

import { createStopper } from '../decoding/stopping.ts';
import { Detokenizer } from '../tokens/detokenizer.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { type Generated, type GenerateParts, type Job, shortPath, windowsAround } from './generate.ts';
import { newCost } from './request.ts';
import { isSecretFile } from './secrets.ts';

/** A file that may help; `path` for the model, not for the disk. */
export interface InfillExtra {
  readonly path: string;
  readonly text: string;
}

/** What is to be written between two texts. */
export interface InfillRequest {
  readonly prefix: string;
  readonly suffix: string;
  /** Pieces of other files, the most relevant first; a protocol may have no place for them. */
  readonly extra: readonly InfillExtra[];
  readonly maxTokens: number;
}

export interface InfillChunk {
  readonly text: string;
  /** The token limit ended it: the last statement may be half. */
  readonly isCutOff?: boolean;
}

/** The port to a model behind an HTTP interface; made real in `node/remote`. */
export interface RemoteModel {
  /**
   * The text as it comes. Not pulling any further ends the request. Rejects with the signal's reason, or
   * with EngineError('remote-failed') that names the way out.
   */
  infill(request: InfillRequest, signal: AbortSignal): AsyncIterable<InfillChunk>;
  dispose(): Promise<void>;
}

/** What a job needs that is not written by our own runtime. */
export type RemoteJob = Pick<Job, 'place' | 'others' | 'onText' | 'settings' | 'startMs' | 'stages'>;

/** Tokens of the prompt, by our own tokenizer, where the settings leave it to the model: what most servers take. */
const defaultContextTokens = 2048;

/** Other files that go along, and how much of each (UTF-16 units): about what the windows take. */
const maxExtra = 4;
const maxExtraChars = 2000;

/** Rejects as {@link RemoteModel.infill} does. */
export async function generateRemotely(
  { segments, tokenizer, clock }: GenerateParts,
  remote: RemoteModel,
  { place, others, onText, settings, startMs, stages }: RemoteJob,
  signal: AbortSignal,
): Promise<Generated> {
  const budget = Math.max(1, (settings.contextTokens || defaultContextTokens) - settings.maxTokens);
  const { prefix, suffix } = windowsAround(segments, place, budget);
  const stopper = createStopper({ ...place, maxLines: settings.maxLines });
  let text = '';
  let keep: number | undefined;
  let isCutOff = false;
  let nTokens = 0;
  let firstTokenMs = 0;
  stages.enter('prefill');
  const request = {
    prefix: textOf(prefix, tokenizer),
    suffix: textOf(suffix, tokenizer),
    extra: extraOf(others),
    maxTokens: settings.maxTokens,
  };
  for await (const chunk of remote.infill(request, signal)) {
    if (firstTokenMs === 0) {
      firstTokenMs = clock.nowMs() - startMs;
      stages.enter('decode');
    }
    if (chunk.text !== '') nTokens++; // servers send about one a piece
    isCutOff = chunk.isCutOff === true;
    text += chunk.text;
    onText?.(text);
    const state = stopper.push(chunk.text);
    if (state.stop === undefined) continue;
    keep = state.keep;
    break;
  }
  const passage = { text: text.slice(0, keep), tokens: [], isCutOff: isCutOff && keep === undefined };
  return { ...passage, trail: new Int32Array(0), others: [], cost: { ...newCost(), firstTokenMs, nTokens } };
}

/** The text of a window, which may begin or end inside a character; that one is left out. */
function textOf(tokens: Int32Array, tokenizer: Tokenizer): string {
  const detokenizer = new Detokenizer(tokenizer);
  let text = '';
  for (const token of tokens) text += detokenizer.push(token);
  return (text + detokenizer.flush()).replace(/^\uFFFD+/, '');
}

/** The last gate before the wire: whatever lets a file in above, one that may hold secrets ends here. */
function extraOf(others: Job['others']): InfillExtra[] {
  return others
    .filter(({ uri }) => !isSecretFile(uri))
    .slice(0, maxExtra)
    .map(({ uri, text }) => ({
      path: shortPath(uri),
      text: text.slice(0, maxExtraChars).replaceAll('\r\n', '\n'),
    }));
}
