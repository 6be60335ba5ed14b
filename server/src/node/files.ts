/** Files made real for the engine: the grammars' folder as a GrammarSource. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { GrammarSource } from '../engine/base/ports.ts';

/** Grammars laid out as `<folder>/<grammar>/parser.wasm`; one that is not there is undefined. */
export function grammarsIn(folder: string): GrammarSource {
  return async (grammar) => {
    try {
      return await readFile(path.join(folder, grammar, 'parser.wasm'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
}
