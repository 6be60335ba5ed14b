/** Answers: what was written at a place is remembered, so that whoever comes back gets it at once. */

// A place is all the text before and behind it: the prefix is the key, the suffix must be the same.
// Copilot looks typed prefixes up in a radix tree; here the hash of every beginning of the prefix is
// had in passing, so a place some characters back is one more look. Edits in other files change no
// answer: an answer that was right to show stays right to show.

import { Lru } from '../base/lru.ts';
import type { SurePoint } from './confidence.ts';

/** A text that may be suggested, before anything was cut for being unsure. */
export interface Candidate {
  readonly text: string;
  /** UTF-16 units after the cursor, on its line, that `text` takes the place of. */
  readonly replaceAfter: number;
  readonly points: readonly SurePoint[];
}

export interface Answer {
  /** The likeliest first; none where there was nothing to say. */
  readonly candidates: readonly Candidate[];
  /** Why there is none. */
  readonly nothing?: 'empty' | 'memorised' | 'ill-typed';
  /** How many were asked for; there may be fewer. */
  readonly nWanted: number;
}

/** An answer, of which the first `nTyped` characters are typed by now. */
export interface Found extends Answer {
  readonly nTyped: number;
}

interface Around {
  readonly textBefore: string;
  readonly textAfter: string;
}

/** Answers that are remembered; a person comes back to the last few dozen places. */
const nAnswers = 100;

/** Characters back from the cursor where an answer may begin that was typed along since. */
const maxTypedChars = 120;

export class Answers {
  private readonly answers = new Lru<string, Answer>(nAnswers);

  /** `scope` names all else that an answer depends on: document, language, limits. */
  put(scope: string, around: Around, answer: Answer): void {
    const [key] = keysOf(scope, around, 0);
    this.answers.set(key as string, answer);
  }

  /** The answer of this place, or of one before it that what stands between agrees with. */
  find(scope: string, around: Around): Found | undefined {
    const { textBefore } = around;
    for (const [nTyped, key] of keysOf(scope, around, maxTypedChars).entries()) {
      const answer = this.answers.get(key);
      if (!answer) continue;
      if (nTyped === 0) return { ...answer, nTyped };
      const typed = textBefore.slice(textBefore.length - nTyped);
      const fitting = answer.candidates.find(
        ({ text, replaceAfter }) =>
          replaceAfter === 0 && text.startsWith(typed) && text.slice(nTyped).trim() !== '',
      );
      if (fitting) return { ...answer, candidates: [fitting], nTyped };
    }
    return undefined;
  }

  delete(scope: string, around: Around): void {
    this.answers.delete(keysOf(scope, around, 0)[0] as string);
  }
}

/** Text farther from the cursor (UTF-16 units) changes no answer enough to matter: far more than the model reads. */
const maxBeforeChars = 64_000;
const maxAfterChars = 16_000;

/** Where the text that counts begins is a multiple of this, so that places close by begin alike. */
const startStep = 16_000;

/** The keys of the place and of those up to `nBack` characters before it. */
function keysOf(scope: string, { textBefore, textAfter }: Around, nBack: number): string[] {
  const behind = new Hash(textAfter.slice(0, maxAfterChars)).key;
  const hash = new Hash('');
  const keys: string[] = [];
  const excess = Math.max(0, textBefore.length - maxBeforeChars);
  const start = Math.ceil(excess / startStep) * startStep;
  const first = Math.max(start, textBefore.length - nBack);
  for (let i = start; i <= textBefore.length; i++) {
    if (i >= first) keys.push(`${scope}\n${i - start} ${hash.key} ${behind}`);
    if (i < textBefore.length) hash.push(textBefore.charCodeAt(i));
  }
  return keys.reverse();
}

/** 64 bits, so that no two places of a day's work are taken for one. */
class Hash {
  private a = 0x811c9dc5;
  private b = 0x1b873593;

  constructor(text: string) {
    for (let i = 0; i < text.length; i++) this.push(text.charCodeAt(i));
  }

  push(unit: number): void {
    this.a = Math.imul(this.a ^ unit, 0x01000193);
    this.b = Math.imul(this.b + unit + 1, 0x9e3779b1) ^ (this.b >>> 15);
  }

  get key(): string {
    return `${this.a >>> 0}.${this.b >>> 0}`;
  }
}
