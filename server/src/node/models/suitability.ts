/** suitability: which model this machine should run, and why another should not be. */

// The rule, which the README states too: of the models whose memory is at most a quarter of the machine's
// and whose suggestion of 12 tokens takes at most 300 ms, the one with the most parameters; the embedded
// one where none of the others does. More parameters know more; that a suggestion comes late is what
// makes people turn suggestions off.

import type { ListedModel } from './listed-model.ts';

/** Of the machine's memory: an editor, a browser and a compiler want the rest. In [0, 1]. */
const memoryShare = 0.25;

/** A suggestion that takes longer comes when most people have typed on. */
const patienceMs = 300;

/** Why a model is not for a machine of so much memory, in a sentence; undefined where it is, or nobody knows. */
export function objectionTo(
  { memoryMb, speed }: Pick<ListedModel, 'memoryMb' | 'speed'>,
  totalMemoryBytes: number,
): string | undefined {
  if (memoryMb !== undefined && memoryMb * 1e6 > memoryShare * totalMemoryBytes) {
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
    return `It needs up to ${gigabytes(memoryMb * 1e6)} of memory; a quarter of this machine's is ${gigabytes(memoryShare * totalMemoryBytes)}.`;
  }
  if (speed && speed.suggestionMs > patienceMs) {
    const seconds = (speed.suggestionMs / 1000).toFixed(1);
    return `It is slow here: a suggestion of 12 tokens takes ${seconds} s${speed.isPredicted ? ', as predicted' : ''}; ${patienceMs / 1000} s is the most that suits typing.`;
  }
  return undefined;
}

/** The model to take; undefined before anything was measured. */
export function recommendedOf<T extends ListedModel>(
  models: readonly T[],
  totalMemoryBytes: number,
): T | undefined {
  const isKnown = ({ speed, memoryMb }: T) => speed !== undefined && memoryMb !== undefined;
  if (!models.some(isKnown)) return undefined;
  const suitable = models.filter(
    (model) => isKnown(model) && objectionTo(model, totalMemoryBytes) === undefined,
  );
  const embedded = models.find(({ isEmbedded }) => isEmbedded);
  return suitable.reduce<T | undefined>((best, model) => (size(model) > size(best) ? model : best), embedded);
}

const size = (model: ListedModel | undefined) => model?.parametersM ?? -1;
