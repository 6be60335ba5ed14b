/** Tests of Gate: waiting ends by the value, the failure, or the signal. */

import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

const never = new AbortController().signal;

test('an undecided gate renews to itself, so that who waits goes on waiting', async () => {
  const gate = new Gate<number>();
  const answer = gate.wait(never);
  gate.renewed().open(1);
  expect(await answer).toBe(1);
  expect(gate.value).toBe(1);
  expect(gate.renewed()).not.toBe(gate);
  expect(gate.renewed().value).toBeUndefined();
});

test('a failed gate rejects those who wait and those who come', async () => {
  const gate = new Gate<number>();
  const answer = gate.wait(never);
  gate.fail(new Error('no'));
  await expect(answer).rejects.toThrow('no');
  await expect(gate.wait(never)).rejects.toThrow('no');
});

test('the signal ends the waiting of its own waiter only', async () => {
  const gate = new Gate<number>();
  const controller = new AbortController();
  const [mine, other] = [gate.wait(controller.signal), gate.wait(never)];
  controller.abort('enough');
  await expect(mine).rejects.toBe('enough');
  gate.open(2);
  expect(await other).toBe(2);
});
