/** CallArity: lets no call end too early or go on too long, where every overload's parameters are known. */

import type { BracketScanner } from '../../syntax/brackets.ts';
import type { Question } from './questions.ts';
import type { TokenShape } from './token-shapes.ts';
import { callAt } from './triggers.ts';

/** The call whose arguments are being written. */
export interface CallHere {
  /** Where its arguments begin. */
  readonly start: number;
  /** Begun so far; undefined where it cannot be told (a spread). */
  readonly nArguments: number | undefined;
  /** They stand on lines of their own, so that a comma may follow the last one. */
  readonly hasOwnLines: boolean;
}

/** The call that `text` ends in; `scanner` has scanned it. */
export function callHere(text: string, scanner: BracketScanner, languageId: string): CallHere | undefined {
  const start = callAt(text, scanner, languageId);
  if (start === undefined) return undefined;
  const written = text.slice(start);
  return { start, nArguments: argumentsIn(written, scanner), hasOwnLines: /^[ \t]*\r?\n/.test(written) };
}

/** What `shape` costs if it ends an argument of `call`. */
export function arityCost(shape: TokenShape, call: CallHere, question: Question, soft: number): number {
  const { arity, isClosed } = question.set ?? {};
  if (!arity || call.nArguments === undefined) return 0;
  const { bytes, argumentEnd } = shape;
  const penalty = isClosed ? -Infinity : soft;
  const isFirst = call.nArguments === 0 && /\S/.test(bytes.slice(0, argumentEnd));
  const nArguments = isFirst ? 1 : call.nArguments;
  if (bytes.charAt(argumentEnd) === ')') return nArguments < arity.min ? penalty : 0;
  const rest = bytes.slice(argumentEnd);
  const isTrailing = /^,\s*[\n)]/.test(rest) || (call.hasOwnLines && /^,\s*$/.test(rest));
  return nArguments >= arity.max && !isTrailing ? penalty : 0;
}

function argumentsIn(text: string, like: BracketScanner): number | undefined {
  const scanner = like.forkBare();
  let n = text.trim() === '' ? 0 : 1;
  for (let offset = 0; offset < text.length; offset++) {
    scanner.step(text, offset);
    if (scanner.nOpenedHere > 0 || scanner.region !== 'code') continue;
    if (text.startsWith('...', offset)) return undefined;
    if (text.charAt(offset) === ',' && text.slice(offset + 1).trim() !== '') n++;
  }
  return n;
}
