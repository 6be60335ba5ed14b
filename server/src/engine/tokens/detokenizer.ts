/** Detokenizer: a stream of token ids to a stream of text, never showing half a character. */

import type { TokenId } from './token.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * One per generation. Bytes that start a character are held back until the character is whole;
 * bytes that cannot be UTF-8 come out as U+FFFD. Control tokens have no text.
 */
export class Detokenizer {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The text that is certain now that `id` is known; may be empty. */
  push(id: TokenId): string {
    return this.decoder.decode(this.tokenizer.bytesOf(id), { stream: true });
  }

  /**
   * Ends the stream and gets ready for another one. An unfinished character is dropped: half a
   * character is nothing that anyone would want inserted.
   */
  flush(): string {
    return this.decoder.decode().replace(/\uFFFD+$/, '');
  }
}
