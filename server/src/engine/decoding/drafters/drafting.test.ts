/** Drafting changes how long decoding takes and nothing else: whatever is guessed, the same tokens come out. */

import { describe, expect, test } from 'vitest';
import { KvArena } from '../../model/arena.ts';
import { CausalLm } from '../../model/causal-lm.ts';
import { Sequence } from '../../model/sequence.ts';
import { FakeClock } from '../../testing/fake-clock.ts';
import { ScriptedModel } from '../../testing/scripted-model.ts';
import { seededRandom } from '../../testing/tiny-model.ts';
import type { Constraint } from '../constraints/constraint.ts';
import { type DecodeEnd, decode } from '../decode.ts';
import { DraftPolicy, maxRows, measurePassCosts } from './draft-policy.ts';
import type { Drafter } from './drafter.ts';
import { Drafting } from './drafting.ts';
import { RecentDrafter } from './recent.ts';
import { RecyclingDrafter, Successors } from './recycling.ts';

const end = 996;
const nVocab = 997;
const live = new AbortController().signal;

/** Depends on every token and its place; rarely an end; repeats itself, so that guesses may be right. */
const digest = (context: readonly number[]) => {
  const hash = context.slice(-3).reduce((sum, token) => (sum * 31 + token + 7) % nVocab, 1);
  return hash % 50 === 49 ? end : hash % 12;
};

/** Guesses what is right for a while, then something else; the worst drafter that the policy will believe. */
function oracle(truth: readonly number[], random: () => number): Drafter {
  let at = 0;
  return {
    name: 'oracle',
    priors: [0.95],
    draft(limit) {
      const n = Math.min(limit, Math.floor(random() * 8));
      const tokens = Array.from({ length: n }, (_, i) => truth[at + i] ?? Math.floor(random() * nVocab));
      if (n > 0 && random() < 0.5) tokens[Math.floor(random() * n)] = Math.floor(random() * 12);
      return { tokens, trust: 0 };
    },
    accept: () => void at++,
  };
}

async function written(
  prompt: Int32Array,
  more: { drafting?: Drafting; constraint?: Constraint; maxTokens: number; nRow?: number; nPull?: number },
) {
  const model = new ScriptedModel(digest, nVocab);
  const lm = new CausalLm(model, new FakeClock());
  const sequence = new Sequence(new KvArena(model.config, more.nRow ?? 200));
  const { logits } = await lm.prefill(sequence, prompt, live);
  const isEnd = (token: number) => token === end;
  const tokens: number[] = [];
  const { nPull = Infinity, nRow: _, ...options } = more;
  const stream = decode(lm, sequence, { logits: logits.slice(), isEnd, signal: live, ...options });
  let why: DecodeEnd | 'not pulled' = 'not pulled';
  for (let next = await stream.next(); ; next = await stream.next()) {
    if (next.done) {
      why = next.value;
      break;
    }
    tokens.push(next.value);
    if (tokens.length >= nPull) {
      await stream.return('token-limit');
      break;
    }
  }
  return { tokens, why, sequence, nPasses: model.nPasses };
}

const randomPrompt = (random: () => number) =>
  Int32Array.from({ length: 3 + Math.floor(random() * 20) }, () => Math.floor(random() * 12));

/** Forbids some tokens by what was emitted before, and waits before it says so. */
function moody(): Constraint {
  let last = 0;
  let isAsked = false;
  return {
    prepare: (likely) => {
      if (isAsked || likely % 3 !== 0) return undefined;
      isAsked = true;
      return Promise.resolve();
    },
    bias: (token) => (isAsked && (token + last) % 3 === 0 ? -Infinity : 0),
    accept: (token) => {
      last = token;
      isAsked = false;
    },
  };
}

describe('with any drafts', () => {
  test.each([
    ['nothing else', false],
    ['a constraint that is asked and forbids', true],
  ])('decoding is the same as without, %s', async (_, isConstrained) => {
    const random = seededRandom(5);
    let nRight = 0;
    let nGuessed = 0;
    for (let round = 0; round < 300; round++) {
      const prompt = randomPrompt(random);
      const maxTokens = 1 + Math.floor(random() * 40);
      const nRow = random() < 0.2 ? prompt.length + Math.floor(random() * 10) : 200;
      const nPull = random() < 0.3 ? 1 + Math.floor(random() * 10) : Infinity;
      const common = { maxTokens, nRow, nPull };
      const constrained = () => (isConstrained ? { constraint: moody() } : {});
      const plain = await written(prompt, { ...common, ...constrained() });
      const drafting = new Drafting([oracle(plain.tokens, random)], new DraftPolicy());
      const drafted = await written(prompt, { ...common, ...constrained(), drafting });
      expect(drafted.tokens).toEqual(plain.tokens);
      expect(drafted.why).toBe(plain.why);
      // Only true rows stay, one less than was yielded where the last one was not needed.
      const all = [...prompt, ...plain.tokens];
      expect([...drafted.sequence.tokens]).toEqual(all.slice(0, drafted.sequence.length));
      expect(drafted.sequence.length).toBeGreaterThanOrEqual(plain.sequence.length);
      expect(drafted.nPasses).toBeLessThanOrEqual(plain.nPasses);
      nRight += drafting.counts.nRight;
      nGuessed += drafting.counts.nGuessed;
    }
    expect(nRight).toBeGreaterThan(500);
    expect(nGuessed - nRight).toBeGreaterThan(500);
  });

  test('a pass that fails leaves nothing believed', async () => {
    const model = new ScriptedModel(digest, nVocab);
    const lm = new CausalLm(model, new FakeClock());
    const sequence = new Sequence(new KvArena(model.config, 100));
    const { logits } = await lm.prefill(sequence, Int32Array.of(1, 2, 3), live);
    const drafting = new Drafting([oracle([1, 2, 3, 4, 5, 6], () => 0.4)], new DraftPolicy());
    const stream = decode(lm, sequence, {
      logits: logits.slice(),
      maxTokens: 9,
      isEnd: () => false,
      drafting,
      signal: live,
    });
    await stream.next();
    model.run = () => Promise.reject(new Error('the runtime broke'));
    await expect(stream.next()).rejects.toThrow('the runtime broke');
    expect(sequence.length).toBe(0);
  });
});

describe('the policy', () => {
  const drafter = (priors: number[]): Drafter => ({
    name: 'some',
    priors,
    draft: () => undefined,
    accept: () => {},
  });
  const offer = (rate: number, n = 10) => ({
    drafter: drafter([rate]),
    draft: { tokens: Array.from({ length: n }, (_, i) => i), trust: 0 },
  });

  test('guesses farther the surer it is, and not at all when it does not pay', () => {
    const lengthAt = (rate: number, costs?: number[]) =>
      new DraftPolicy(costs).choose([offer(rate)])?.draft.tokens.length ?? 0;
    expect(lengthAt(0.1)).toBe(0);
    expect(lengthAt(0.5)).toBeGreaterThan(0);
    expect(lengthAt(0.95)).toBeGreaterThan(lengthAt(0.5));
    const linear = Array.from({ length: maxRows }, (_, i) => 1 + i);
    expect(lengthAt(0.9, linear)).toBe(0); // a row costs as much as a pass
  });

  test('learns that guesses are wrong, and looks again now and then', () => {
    const policy = new DraftPolicy();
    const wrong = offer(0.9);
    for (let i = 0; i < 100; i++) policy.judged(wrong, 0, true);
    const lengths = Array.from({ length: 100 }, () => policy.choose([wrong])?.draft.tokens.length ?? 0);
    const nProbes = lengths.filter((n) => n > 0).length;
    expect(nProbes).toBeGreaterThan(0);
    expect(nProbes).toBeLessThan(10);
    for (let i = 0; i < 100; i++) policy.judged(wrong, 5, false);
    expect(policy.choose([wrong])?.draft.tokens.length).toBeGreaterThan(3);
  });

  test('costs are measured, or typical where the clock stands still', async () => {
    const model = new ScriptedModel(digest, nVocab);
    const costs = await measurePassCosts(model, new FakeClock());
    expect(costs).toHaveLength(maxRows);
    let now = 0;
    const clock = { ...new FakeClock(), nowMs: () => now };
    const run = model.run.bind(model);
    model.run = (request) => {
      now += 10 + request.tokens.length;
      return run(request);
    };
    const measured = await measurePassCosts(model, clock as never);
    expect(measured[0]).toBe(1);
    expect(measured[2]).toBeCloseTo(13 / 11); // interpolated
    expect(measured[15]).toBeCloseTo(26 / 11);
  });
});

describe('the drafters', () => {
  test('a recent text goes on where its longest match ends', () => {
    const drafter = new RecentDrafter(
      'previous',
      [Int32Array.of(1, 2, 3, 9, 2, 3, 4, 5)],
      Int32Array.of(7, 9, 2),
    );
    drafter.accept(3);
    expect(drafter.draft(2)).toEqual({ tokens: [4, 5], trust: 2 });
    drafter.accept(8);
    expect(drafter.draft(2)).toBeUndefined();
  });

  test('recycling follows pairs, then single tokens', () => {
    const successors = new Successors(20);
    const first = new RecyclingDrafter(successors, Int32Array.of(1, 2));
    for (const token of [3, 4, 2, 5]) first.accept(token);
    expect(new RecyclingDrafter(successors, Int32Array.of(1, 2)).draft(3)).toEqual({
      tokens: [3, 4, 2],
      trust: 1,
    });
    expect(new RecyclingDrafter(successors, Int32Array.of(9, 2)).draft(2)).toEqual({ tokens: [5], trust: 0 });
    expect(new RecyclingDrafter(successors, Int32Array.of(9, 9)).draft(2)).toBeUndefined();
  });

  test('at the beginning of a file nothing is before the cursor, and nothing is guessed of it', () => {
    const successors = new Successors(20);
    const first = new RecyclingDrafter(successors, new Int32Array(0));
    expect(first.draft(3)).toBeUndefined();
    for (const token of [3, 4, 5]) first.accept(token);
    expect(new RecyclingDrafter(successors, new Int32Array(0)).draft(3)).toBeUndefined();
    expect(new RecyclingDrafter(successors, Int32Array.of(3)).draft(3)).toEqual({ tokens: [4, 5], trust: 1 });
  });
});
