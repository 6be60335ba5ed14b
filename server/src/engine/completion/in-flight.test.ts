/** InFlight: what is written goes on while somebody waits for it, and for a moment longer. */

import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { InFlight } from './in-flight.ts';

/** Far longer than a cancelled request is written on for. */
const graceMs = 10_000;

/** Something that is written without end behind `x`, for a request that was cancelled. */
async function cancelled() {
  const clock = new FakeClock();
  const inFlight = new InFlight(clock);
  const first = new AbortController();
  let end: AbortSignal | undefined;
  const written = inFlight.run('a', { textBefore: 'x', textAfter: '' }, first.signal, (signal) => {
    end = signal;
    return new Promise<void>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  });
  first.abort(new Error('typed on'));
  await expect(written).rejects.toThrow('typed on');
  return {
    isEnded: async () => {
      clock.advance(graceMs);
      await new Promise((resolve) => setTimeout(resolve));
      return end?.aborted;
    },
    join: (textBefore: string, signal: AbortSignal) =>
      inFlight.join('a', { textBefore, textAfter: '' }, signal),
  };
}

test('what nobody waits for is ended', async () => {
  const { isEnded } = await cancelled();
  expect(await isEnded()).toBe(true);
});

test('what somebody joined goes on, until the last of them is cancelled as well', async () => {
  const { isEnded, join } = await cancelled();
  const [second, third] = [new AbortController(), new AbortController()];
  expect(join('xy', second.signal)).toBeDefined();
  expect(await isEnded()).toBe(false);
  second.abort(new Error('typed on'));
  expect(join('xyz', third.signal)).toBeDefined();
  expect(await isEnded()).toBe(false);
  third.abort(new Error('gone to another file'));
  expect(await isEnded()).toBe(true);
});

test('what is typed otherwise ends it at once', async () => {
  const { isEnded, join } = await cancelled();
  expect(join('xy', new AbortController().signal)).toBeDefined();
  expect(join('y', new AbortController().signal)).toBeUndefined();
  expect(await isEnded()).toBe(true);
});
