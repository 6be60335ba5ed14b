/** Tests of shared-forward: engines that share one model answer as if each had its own, and typing goes first. */

import { expect, test } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { KvArena } from './arena.ts';
import type { Forward, ForwardRequest } from './backend.ts';
import { CausalLm } from './causal-lm.ts';
import { Sequence } from './sequence.ts';
import { SharedForward } from './shared-forward.ts';

const digest = (context: readonly number[]) =>
  context.reduce((hash, token) => (hash * 31 + token + 7) % 97, 1);
const never = new AbortController().signal;

/** A model whose passes take a turn of the event loop, and that must not be asked twice at once. */
function slowModel() {
  const model = new ScriptedModel(digest, 97);
  const passes: number[] = []; // by their first token
  const memory = new Float32Array(97 * 8);
  let isRunning = false;
  const forward: Forward = {
    config: model.config,
    async run(request: ForwardRequest) {
      expect(isRunning).toBe(false);
      isRunning = true;
      passes.push(request.tokens[0] as number);
      await new Promise((resolve) => setImmediate(resolve));
      const logits = await model.run(request);
      memory.set(logits); // one buffer for all, as the real runtime has it
      isRunning = false;
      return memory.subarray(0, logits.length);
    },
    dispose: () => model.dispose(),
  };
  return { forward, passes, shared: new SharedForward(forward) };
}

function engineOver(forward: Forward) {
  const lm = new CausalLm(forward, new FakeClock());
  const sequence = new Sequence(new KvArena(forward.config, 64));
  /** Writes `n` tokens after `prompt`, and looks at the logits only after a pause. */
  const write = (priority: 'typing' | 'background', prompt: number[], n: number, signal = never) =>
    lm.exclusive(
      priority,
      async () => {
        const written: number[] = [];
        let { logits } = await lm.prefill(sequence, Int32Array.from(prompt), signal);
        for (let i = 0; i < n; i++) {
          await new Promise((resolve) => setImmediate(resolve));
          const token = logits.indexOf(Math.max(...logits));
          written.push(token);
          logits = await lm.step(sequence, token, signal);
        }
        return written;
      },
      signal,
    );
  return { lm, write };
}

test('engines at once write what each writes alone', async () => {
  const prompts = [
    [1, 2, 3],
    [4, 5],
    [6, 7, 8, 9],
  ];
  const { shared } = slowModel();
  const alone: number[][] = [];
  for (const prompt of prompts) alone.push(await engineOver(slowModel().forward).write('typing', prompt, 10));
  const engines = prompts.map(() => engineOver(shared.lease()));
  const together = await Promise.all(
    prompts.map((prompt, i) => engines[i]?.write(i === 2 ? 'background' : 'typing', prompt, 10)),
  );
  expect(together).toEqual(alone);
});

test('idle work of one waits while another types, and goes on after', async () => {
  const { shared, passes } = slowModel();
  const [idle, typist] = [engineOver(shared.lease()), engineOver(shared.lease())];
  const idling = idle.write('background', [50], 20);
  while (passes.length < 3) await new Promise((resolve) => setImmediate(resolve));
  const typing = typist.write('typing', [60], 5);
  const nBefore = passes.length;
  await typing;
  // Six passes of typing, and at most the one of idle work that had begun.
  expect(passes.length - nBefore).toBeLessThanOrEqual(7);
  await idling;
  expect(passes).toHaveLength(21 + 6);
});

test('idle work that waits for others is given up at once when its own window types', async () => {
  const { shared } = slowModel();
  const [mine, other] = [shared.lease(), shared.lease()];
  const endTyping = other.turns?.beginTyping();
  const { write } = engineOver(mine);
  const end = new AbortController();
  const idling = write('background', [50], 3, end.signal);
  end.abort(new Error('a key'));
  await expect(idling).rejects.toThrow('a key');
  expect(await write('typing', [50], 3)).toHaveLength(3); // while the other types still
  endTyping?.();
});

test('own typing lets own idle work end that cannot be given up', async () => {
  const { shared } = slowModel();
  const [mine, other] = [shared.lease(), shared.lease()];
  const endTyping = other.turns?.beginTyping();
  const { write } = engineOver(mine);
  const idling = write('background', [50], 3);
  expect(await write('typing', [60], 3)).toHaveLength(3);
  expect(await idling).toHaveLength(3);
  endTyping?.();
});

test('a lease that is disposed while it types holds nobody up, and the model runs on', async () => {
  const { shared } = slowModel();
  const [gone, stays] = [shared.lease(), shared.lease()];
  gone.turns?.beginTyping();
  const idling = engineOver(stays).write('background', [50], 3);
  await gone.dispose();
  expect(await idling).toHaveLength(3);
  await expect(engineOver(gone).write('typing', [1], 1)).rejects.toThrow('The model was closed.');
});
