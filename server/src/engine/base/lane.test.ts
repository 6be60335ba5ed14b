/** Lane: order, priority, cancellation while waiting. */
import { expect, test } from 'vitest';
import { Lane } from './lane.ts';

/** A task that runs until it is released. */
function held() {
  let release = () => {};
  const done = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { task: () => done, release };
}

test('typing overtakes background that waits, but not what runs', async () => {
  const lane = new Lane();
  const order: string[] = [];
  const first = held();
  const running = lane.run('background', async () => {
    await first.task();
    order.push('background 1');
  });
  const later = lane.run('background', async () => void order.push('background 2'));
  const typing = lane.run('typing', async () => void order.push('typing'));
  first.release();
  await Promise.all([running, later, typing]);
  expect(order).toEqual(['background 1', 'typing', 'background 2']);
});

test('a task aborted while it waits never runs, and the queue goes on', async () => {
  const lane = new Lane();
  const first = held();
  const running = lane.run('typing', first.task);
  const abort = new AbortController();
  let ran = false;
  const task = async () => {
    ran = true;
  };
  const waiting = lane.run('typing', task, abort.signal);
  const after = lane.run('typing', async () => 'after');
  abort.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  first.release();
  await running;
  expect(await after).toBe('after');
  expect(ran).toBe(false);
  expect(lane.nWaiting).toBe(0);
});

test('a task that throws frees the lane', async () => {
  const lane = new Lane();
  await expect(lane.run('typing', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await lane.run('typing', async () => 1)).toBe(1);
});
