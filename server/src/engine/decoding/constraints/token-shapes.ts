/** TokenShapes: of each token, its bytes and where in them a name may begin; worked out once when asked. */

import type { TokenId } from '../../tokens/token.ts';
import type { Tokenizer } from '../../tokens/tokenizer.ts';
import { byteStringOf } from './name-list.ts';

export interface TokenShape {
  /** One character below U+0100 per byte; '' for tokens without text. */
  readonly bytes: string;
  /** Offsets where a name may begin: 0, first bytes of words, and what follows a quote or a dot. Ascending. */
  readonly starts: readonly number[];
  /** Of the first comma or closing parenthesis that only a word and white space precede; -1: none. */
  readonly argumentEnd: number;
}

const none: TokenShape = { bytes: '', starts: [], argumentEnd: -1 };

/** One per tokenizer; shared by all monitors. */
export class TokenShapes {
  private readonly shapes: (TokenShape | undefined)[] = [];

  constructor(private readonly tokenizer: Tokenizer) {}

  of(token: TokenId): TokenShape {
    const known = this.shapes[token];
    if (known) return known;
    const shape = this.tokenizer.isSpecial(token)
      ? none
      : shapeOf(byteStringOf(this.tokenizer.bytesOf(token)));
    this.shapes[token] = shape;
    return shape;
  }
}

/** Bytes of identifiers: ASCII letters, digits, `_`, `$`, and everything beyond ASCII. */
export function isWordByte(byte: number): boolean {
  return (
    (byte >= 97 && byte <= 122) ||
    (byte >= 65 && byte <= 90) ||
    (byte >= 48 && byte <= 57) ||
    byte === 95 ||
    byte === 36 ||
    byte >= 128
  );
}

const hash = 35;
/** Behind a quote or a dot, what comes next is the place of a name even if it is none. */
const openers = [34, 39, 46, 96];

function shapeOf(bytes: string): TokenShape {
  const starts: number[] = [];
  let wasWord = false;
  let previous = -1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    const isWord: boolean = isWordByte(byte) || (byte === hash && !wasWord); // #private
    if (i === 0 || (isWord && !wasWord) || openers.includes(previous)) starts.push(i);
    wasWord = isWord;
    previous = byte;
  }
  const end = /^[\w$\x80-\xff]*\s*(?=[,)])/.exec(bytes);
  return { bytes, starts, argumentEnd: end ? end[0].length : -1 };
}
