/** passes: what reading a prompt and one pass of so many rows cost, for every runtime alike, taking turns. */

// The way from a prompt to a text is made of these: reading (hundreds of rows, of which one is asked
// for its next token), writing (one row), and checking what was guessed ahead (a few rows, each asked).

import { medianInterval } from '../bootstrap.ts';
import type { Figure } from '../report.ts';
import { median, p95 } from '../statistics.ts';
import type { Contender } from './contenders.ts';

/** Tokens of the prompts that are read; the last ones stay, for passes to stand behind. */
const promptTokens = [256, 1024] as const;

/** Rows of a pass: one is plain decoding, several are what checking a guess takes. */
const rowCounts = [1, 4, 8, 16] as const;

/** Passes are short: so many of each per round, of which the median counts. */
const passesPerRound = 5;

const table = 'bare speed';

/**
 * `nRound` rounds; the last contender is compared with the first, round by round. `nRow`: the rows
 * that every contender's cache has.
 */
export async function playPasses(
  contenders: readonly Contender[],
  nRound: number,
  { nRow, nVocab }: { readonly nRow: number; readonly nVocab: number },
): Promise<Figure[]> {
  const nLongest = nRow - Math.max(...rowCounts);
  const lengths = promptTokens.map((n) => Math.min(n, nLongest));
  const prompt = Int32Array.from({ length: nRow }, (_, i) => (i * 7919 + 5) % Math.min(nVocab, 16_000));
  const kinds: Kind[] = [
    ...lengths.map((n) => ({
      row: `a prompt of ${n} tokens`,
      nToken: n,
      ms: async (contender: Contender) => {
        await contender.clear();
        return (await contender.answer(prompt.subarray(0, n), 0)).firstMs;
      },
    })),
    ...rowCounts.map((n) => ({
      row: n === 1 ? 'one token (plain decoding)' : `a pass of ${n} rows`,
      ms: async (contender: Contender) => {
        const ms: number[] = [];
        for (let i = 0; i < passesPerRound; i++) ms.push(await contender.pass(prompt.subarray(i, i + n)));
        return median(ms);
      },
    })),
  ];
  const figures: Figure[] = [];
  for (const kind of kinds) {
    const rounds: number[][] = [];
    for (let round = -1; round < nRound; round++) {
      // The first round warms up. What the last one left the machine in is everybody's in turn.
      const taken: number[] = [];
      for (let i = 0; i < contenders.length; i++) {
        const at = (i + round + 1) % contenders.length;
        taken[at] = await kind.ms(contenders[at] as Contender);
      }
      if (round >= 0) rounds.push(taken);
    }
    figures.push(...compare(kind, contenders, rounds));
  }
  return figures;
}

interface Kind {
  readonly row: string;
  /** Of a prompt, whose speed is given as well. */
  readonly nToken?: number;
  ms(contender: Contender): Promise<number>;
}

function compare(
  { row, nToken }: Kind,
  contenders: readonly Contender[],
  rounds: readonly (readonly number[])[],
): Figure[] {
  const of = (i: number) => rounds.map((round) => round[i] as number);
  const cell = (column: string, unit: string, values: readonly number[]): Figure => ({
    key: `peers.bare.${row}.${column}`,
    label: `${row}: ${column}`,
    unit,
    median: median(values),
    ...(unit === 'ms' && { p95: p95(values), interval: medianInterval(values) }),
    n: values.length,
    cell: { table, row, column: `${column}, ${unit}${unit === 'ms' ? ' (p95)' : ''}` },
  });
  const ratios = rounds.map((round) => (round.at(-1) as number) / (round[0] as number));
  return [
    {
      key: `peers.bare.${row}.ratio`,
      label: `${row}: llama.cpp's time over Stet's, round by round`,
      unit: '×',
      median: median(ratios),
      interval: medianInterval(ratios),
      n: ratios.length,
    },
    ...contenders.map(({ name }, i) => cell(name, 'ms', of(i))),
    ...contenders.flatMap(({ name }, i) => {
      const perSecond = nToken === undefined ? [] : of(i).map((ms) => (1000 * nToken) / ms);
      return nToken === undefined ? [] : [cell(name, 'tok/s', perSecond)];
    }),
  ];
}
