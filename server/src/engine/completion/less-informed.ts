/** isLessInformed: whether a text was written again with less known of its names than the first time. */

import type { CompletionCost } from '../base/ports.ts';

type Known = Pick<CompletionCost, 'masks' | 'typeError'>;

/**
 * Whether static analysis was late or silent where it was not for `first`. What then comes out
 * differently says nothing against what was written first, with the names known.
 */
export function isLessInformed(again: Known, first: Known): boolean {
  const masks = again.masks ?? [];
  const isSilent = masks.some(({ kind, at, nNames }) => {
    // Up to where the texts part, the same places; in which order they were asked about is another matter.
    const before = first.masks?.find((one) => one.kind === kind && one.at === at);
    return nNames === 0 && before !== undefined && before.nNames > 0;
  });
  // What was cut for an error is whole again where nobody found the error in time.
  const isUnchecked = first.typeError !== undefined && again.typeError === undefined;
  return isSilent || isUnchecked || masks.some(({ isLate }) => isLate === true);
}
