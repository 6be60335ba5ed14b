/** fill: a multiple-choice knapsack, one form of each thing at most, for the most value within a budget. */

/** One form that a thing can take; not taking any costs and gives nothing. */
export interface Form {
  /** Whole, ≥ 0. */
  readonly cost: number;
  readonly value: number;
}

/** Cells of the table; beyond it costs are counted in larger steps, rounded up, so the budget still holds. */
const maxCells = 4_000_000;

/**
 * The index of the form chosen for each thing, -1 for none: of the highest total value whose total
 * cost is at most `budget`. Exact while things × budget is below four million; beyond, costs are
 * rounded up. Dynamic programming over the budget (Sinha and Zoltners 1979, "The Multiple-Choice
 * Knapsack Problem"). Forms that are worth nothing or less are never taken, unlike in LongCodeZip's code.
 */
export function fill(things: readonly (readonly Form[])[], budget: number): number[] {
  const step = Math.max(1, Math.ceil((things.length * (budget + 1)) / maxCells));
  const room = Math.max(0, Math.floor(budget / step));
  const width = room + 1;
  let best = new Float64Array(width);
  const taken = new Int16Array(things.length * width).fill(-1); // [thing, room]
  things.forEach((forms, iThing) => {
    const next = best.slice();
    forms.forEach(({ cost, value }, iForm) => {
      if (!(value > 0)) return;
      const weight = Math.ceil(cost / step);
      for (let at = weight; at < width; at++) {
        const total = (best[at - weight] as number) + value;
        if (total > (next[at] as number)) {
          next[at] = total;
          taken[iThing * width + at] = iForm;
        }
      }
    });
    best = next;
  });
  const chosen = new Array<number>(things.length).fill(-1);
  let at = room;
  for (let iThing = things.length - 1; iThing >= 0; iThing--) {
    const iForm = taken[iThing * width + at] as number;
    chosen[iThing] = iForm;
    if (iForm >= 0) at -= Math.ceil(((things[iThing] as readonly Form[])[iForm] as Form).cost / step);
  }
  return chosen;
}
