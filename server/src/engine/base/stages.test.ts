/** Tests of Stages: times of one stage add up, and all together are the whole. */

import { expect, test } from 'vitest';
import { Stages } from './stages.ts';

test('stages add up to the time that passed', () => {
  let nowMs = 5;
  const clock = { nowMs: () => nowMs, sleep: async () => {}, yieldToHost: async () => {} };
  const stages = new Stages(clock);
  stages.enter('debounce');
  nowMs += 30;
  stages.enter('decode');
  nowMs += 4;
  const interrupted = stages.enter('oracle');
  nowMs += 2;
  stages.enter(interrupted);
  nowMs += 1;
  expect(stages.finish()).toEqual({ debounce: 30, decode: 5, oracle: 2 });
  nowMs += 100;
  expect(stages.finish()).toEqual({ debounce: 30, decode: 5, oracle: 2 });
});
