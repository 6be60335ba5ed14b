/** bootstrap: means with 95 % intervals, resampled by file, since cases of one file are alike. */

import { seededRandom } from '../src/engine/testing/tiny-model.ts';
import { median } from './statistics.ts';

/** One measurement: `sum` over `weight` units (1 for a plain mean; bytes for bits per byte). */
export interface Sample {
  /** Samples of one cluster (a file) are drawn together. */
  readonly cluster: string;
  readonly sum: number;
  readonly weight: number;
}

export interface Estimate {
  readonly mean: number;
  /** 2.5 and 97.5 percentiles of 1,000 resamples. */
  readonly interval: readonly [number, number];
}

const nResample = 1000;

/** Σ sum / Σ weight; the same samples give the same interval. */
export function estimate(samples: readonly Sample[]): Estimate {
  const clusters = [...groupByCluster(samples).values()];
  const random = seededRandom(1);
  const means = Array.from({ length: nResample }, () =>
    ratio(clusters.map(() => clusters[Math.floor(random() * clusters.length)] as Sample)),
  ).sort((a, b) => a - b);
  const at = (p: number) => means[Math.floor(p * (nResample - 1))] ?? Number.NaN;
  return { mean: ratio(samples), interval: [at(0.025), at(0.975)] };
}

/** The samples of `b` minus those of `a`, case by case: both lists are of the same cases in the same order. */
export function difference(a: readonly Sample[], b: readonly Sample[]): Sample[] {
  return a.map((sample, i) => ({ ...sample, sum: (b[i] as Sample).sum - sample.sum }));
}

/** 95 % interval of the median of `values`, which are resampled one by one. */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  const random = seededRandom(1);
  const medians = Array.from({ length: nResample }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)] as number)),
  ).sort((a, b) => a - b);
  const at = (p: number) => medians[Math.floor(p * (nResample - 1))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}

function groupByCluster(samples: readonly Sample[]): Map<string, Sample> {
  const groups = new Map<string, Sample>();
  for (const { cluster, sum, weight } of samples) {
    const group = groups.get(cluster) ?? { cluster, sum: 0, weight: 0 };
    groups.set(cluster, { cluster, sum: group.sum + sum, weight: group.weight + weight });
  }
  return groups;
}

function ratio(samples: readonly Sample[]): number {
  let sum = 0;
  let weight = 0;
  for (const sample of samples) {
    sum += sample.sum;
    weight += sample.weight;
  }
  return sum / weight;
}
