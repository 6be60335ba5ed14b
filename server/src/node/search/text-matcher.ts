/** textMatcher: tests texts against patterns that a person typed; a pattern that runs away is stopped. */

// JavaScript's regular expressions can take exponential time, and nothing on their own thread stops them
// but V8 itself: a script run by node:vm with a timeout is interrupted inside of an expression too.

import { createContext, Script } from 'node:vm';
import { EngineError } from '../../engine/base/error.ts';
import type { TextMatcher } from '../../engine/search/scan-text.ts';

/** For the texts of one call, a file's; honest patterns read megabytes in that time. */
const maxMatchMs = 1_000;

const script = new Script(
  'texts.map((text) => patterns.every(({ source, flags }) => new RegExp(source, flags).test(text)))',
);

export const textMatcher: TextMatcher = (patterns, texts) => {
  try {
    return script.runInContext(createContext({ patterns, texts }), { timeout: maxMatchMs }) as boolean[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new EngineError(
      'query-invalid',
      'This regular expression takes too long. Make it simpler: repetitions inside of repetitions, like (a+)+, are what costs most.',
    );
  }
};
