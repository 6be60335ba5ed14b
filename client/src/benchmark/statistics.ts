/** Statistics: medians with intervals that a second run on the same machine falls into, and whether two runs agree. */

/** The p-quantile (0 ≤ p ≤ 1), nearest rank; NaN of none. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export type Interval = readonly [number, number];

/** One time, and when it was measured: the nth question of a session, in a round through all sessions. */
export interface Sample {
  readonly ms: number;
  readonly session: number;
  readonly question: number;
  readonly round: number;
}

export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** 95 % interval of p50. */
  readonly interval: Interval;
  readonly n: number;
}

export function spreadOf(samples: readonly Sample[]): Spread {
  const times = samples.map(({ ms }) => ms);
  return {
    p50: median(times),
    p95: quantile(times, 0.95),
    max: quantile(times, 1),
    interval: medianInterval(samples),
    n: times.length,
  };
}

/** Resamples; enough for a 95 % interval, and done in milliseconds. */
const nResample = 400;
/** Neighbouring questions of a session are alike, so this many are drawn together. */
const groupLength = 4;

/**
 * 95 % bootstrap interval of the median. What is typed and the machine's mood both change a time, and a
 * round shares one mood; so groups of questions and rounds are drawn each on their own, and the times
 * where they cross are taken (Owen 2007, “The pigeonhole bootstrap”, Annals of Applied Statistics 1(2)),
 * which errs towards intervals that are too wide.
 */
export function medianInterval(samples: readonly Sample[]): Interval {
  const table = tableOf(samples);
  const random = generator();
  return middle(() => {
    const rounds = draw(table.rounds, random);
    const drawn: number[] = [];
    for (const group of draw(table.groups, random)) {
      for (const times of group) {
        for (const round of rounds) {
          const ms = times[round];
          if (ms !== undefined) drawn.push(ms);
        }
      }
    }
    return median(drawn);
  });
}

/** What a second run says beside a first one. */
export interface Agreement {
  /** How many times as long the same question took, in the median; above 1 is slower. */
  readonly ratio: number;
  /** 95 %. */
  readonly interval: Interval;
  readonly verdict: 'same' | 'faster' | 'slower';
}

/** Less than this is the same on any machine, however narrow the interval is. */
const leastShare = 0.05;

/**
 * Judges two runs by the questions that both asked; undefined where there is none. That questions differ
 * among each other then counts for nothing; what remains is each run's own noise, so the rounds of
 * both are drawn on their own.
 */
export function agreement(now: readonly Sample[], before: readonly Sample[]): Agreement | undefined {
  const [a, b] = [tableOf(now), tableOf(before)];
  const groups = [...a.byName.keys()].flatMap((name) => {
    const [ours, theirs] = [a.byName.get(name) ?? [], b.byName.get(name) ?? []];
    const pairs = ours.flatMap((times, i) => (times && theirs[i] ? [[times, theirs[i]] as const] : []));
    return pairs.length > 0 ? [pairs] : [];
  });
  if (groups.length === 0) return undefined;
  const ratioOf = (drawn: typeof groups, roundsNow: readonly number[], roundsBefore: readonly number[]) => {
    const logs: number[] = [];
    for (const group of drawn) {
      for (const [times, former] of group) {
        logs.push(typicalLog(times, roundsNow) - typicalLog(former, roundsBefore));
      }
    }
    return Math.exp(median(logs));
  };
  const random = generator();
  const interval = middle(() =>
    ratioOf(draw(groups, random), draw(a.rounds, random), draw(b.rounds, random)),
  );
  const verdict =
    interval[0] > 1 + leastShare ? 'slower' : interval[1] < 1 / (1 + leastShare) ? 'faster' : 'same';
  return { ratio: ratioOf(groups, a.rounds, b.rounds), interval, verdict };
}

/** A question's times by round: each round asks it once. */
type Times = readonly (number | undefined)[];

interface Table {
  /** By name of the group, its questions in order. */
  readonly byName: ReadonlyMap<string, readonly (Times | undefined)[]>;
  readonly groups: readonly (readonly Times[])[];
  readonly rounds: readonly number[];
}

function tableOf(samples: readonly Sample[]): Table {
  const byName = new Map<string, (number | undefined)[][]>();
  for (const { ms, session, question, round } of samples) {
    const name = `${session} ${Math.floor(question / groupLength)}`;
    const group = byName.get(name) ?? [];
    byName.set(name, group);
    const times = group[question % groupLength] ?? [];
    group[question % groupLength] = times;
    times[round] = ms;
  }
  return {
    byName,
    groups: [...byName.values()].map((group) => group.filter((times) => times !== undefined)),
    rounds: [...new Set(samples.map(({ round }) => round))],
  };
}

/** The mean logarithm over the rounds that were drawn, or over all where these lack the question. */
function typicalLog(times: Times, rounds: readonly number[]): number {
  let sum = 0;
  let n = 0;
  for (const round of rounds) {
    const ms = times[round];
    if (ms === undefined) continue;
    sum += Math.log(Math.max(ms, 0.01));
    n++;
  }
  if (n > 0) return sum / n;
  return typicalLog(
    times,
    times.flatMap((ms, round) => (ms === undefined ? [] : [round])),
  );
}

function draw<T>(from: readonly T[], random: () => number): T[] {
  return from.map(() => from[Math.floor(random() * from.length)] as T);
}

/** The middle 95 % of what resampling gives; draws that hit nothing do not count. */
function middle(resample: () => number): Interval {
  const values = Array.from({ length: nResample }, resample).filter((value) => !Number.isNaN(value));
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

/** A small generator with a fixed seed (mulberry32): the same figures give the same interval. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
