/** Every outcome that the engine knows has its words, and every refusal that one can change a way out. */

import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { reasonOf } from './reasons.ts';

const completion = path.resolve(import.meta.dirname, '../../../server/src/engine/completion');

/** The texts of a union type, from the source: the client does not see the engine's types. */
function unionIn(file: string, name: string): string[] {
  const source = fs.readFileSync(path.join(completion, file), 'utf8');
  const union = new RegExp(`export type ${name} =([^;]*);`).exec(source)?.[1] ?? '';
  return [...union.matchAll(/^\s*\| '([\w-]+)'/gm)].map((match) => match[1] as string);
}

const outcomes = [
  ...unionIn('request.ts', 'CompletionOutcome'),
  ...unionIn('quiet-zones.ts', 'QuietZone'),
  'cancelled', // the client's own two
  'off',
];

test('the engine’s outcomes are all there', () => {
  expect(outcomes).toEqual(expect.arrayContaining(['generated', 'secret', 'mid-word', 'quiet-marker']));
  expect(outcomes.length).toBeGreaterThan(18);
});

test.each(outcomes)('%s has words of its own', (outcome) => {
  const { words, isShown } = reasonOf(outcome);
  expect(words).not.toBe(`${outcome.replaceAll('-', ' ')}.`);
  expect(isShown).toBe(['generated', 'reused', 'cached'].includes(outcome));
});

test.each(['unsure', 'off', 'secret', 'too-large', 'mid-word', ...unionIn('quiet-zones.ts', 'QuietZone')])(
  '%s names the way out',
  (outcome) => expect(reasonOf(outcome).wayOut).toBeDefined(),
);
