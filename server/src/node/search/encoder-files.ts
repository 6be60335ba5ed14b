/** openEncoder: the search encoder of a model's folder, checked by its checksums. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/base/error.ts';
import { Encoder } from '../../engine/search/encoder.ts';
import { Tokenizer } from '../../engine/tokens/tokenizer.ts';

/**
 * `modelFolder` is the embedded model's, whatever model the user chose for suggestions: the encoder
 * stands alone, and its tokenizer is the one beside it. Rejects with EngineError naming the way out.
 */
export async function openEncoder(modelFolder: string): Promise<Encoder> {
  const read = async (...names: string[]) =>
    readFile(join(modelFolder, ...names)).catch((cause) => {
      throw new EngineError(
        'model-missing',
        `The search encoder's file ${names.join('/')} cannot be read (${(cause as Error).message}). Install Stet again.`,
        true,
        { cause },
      );
    });
  const [description, weights, tokenizer] = await Promise.all([
    read('encoder', 'encoder.json'),
    read('encoder', 'encoder.safetensors'),
    read('tokenizer.json'),
  ]);
  return Encoder.parse(
    {
      description: parseJson(description),
      weights,
      weightsSha256: sha256(weights),
      tokenizerSha256: sha256(tokenizer),
    },
    Tokenizer.parse(parseJson(tokenizer)),
  );
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Undefined for what is no JSON; whoever reads it says what is wrong. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
