/** ExecutionProvider: what computes the model's passes, and what is said when that cannot be had. */

// The runtime's own names. Each binding offers some of them (`listSupportedBackends`): webgpu everywhere,
// coreml on macOS, dml on Windows, cuda on Linux, whose libraries (hundreds of MB) it does not bring.

import { KvArena } from '../engine/model/arena.ts';
import type { Forward } from '../engine/model/backend.ts';

export type ExecutionProvider = 'cpu' | 'cuda' | 'coreml' | 'dml' | 'webgpu';

/** Why the processor computes although `wanted` was asked for, and the way out: one message for people. */
export function fallbackNotice(wanted: ExecutionProvider, reason: string): string {
  return `stet.model.executionProvider is ${wanted}, which does not work here: ${reason} The model runs on cpu instead. Set it to cpu, or install what ${wanted} needs and run “Stet: Restart Server”.`;
}

/** The reason where the runtime does not know `wanted` on this platform. */
export function notOffered(offered: readonly string[]): string {
  return `this installation's runtime (${process.platform}-${process.arch}) offers ${offered.join(', ')}.`;
}

/** Logits less like the processor's than this are broken: where the sums are right, rounding leaves 0.999. */
const leastLikeness = 0.98;

/** Throws unless `model` answers as the processor does: a driver that computes nonsense would be taken for a bad model. */
export async function checkAnswers(model: Forward, onCpu: Forward): Promise<void> {
  const { config } = onCpu;
  const probe = () => ({ arena: new KvArena(config, 4), tokens: [0, 1, 2, 3], start: 0, logitsOf: [3] });
  const [wanted, actual] = [await onCpu.run(probe()), await model.run(probe())];
  if (!(likeness(wanted, actual) >= leastLikeness)) throw new Error('its answers are wrong.');
}

/** How alike two answers are, from -1 to 1: the cosine of the angle between them. */
function likeness(a: Float32Array, b: Float32Array): number {
  let [dot, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    dot += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return dot / Math.sqrt(squareA * squareB);
}
