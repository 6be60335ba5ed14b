/** Prompts: what the product would send at a cursor, as tokens, for every runtime alike. */

import { type FimFormat, fimFormatOf, joinFim, nFimOverhead } from '../../src/engine/prompt/fim.ts';
import { prefixWindow, suffixWindow } from '../../src/engine/prompt/window.ts';
import { SegmentTokenizer } from '../../src/engine/tokens/retokenize.ts';
import type { Setting } from '../setting.ts';

/** The share of the prompt that the text after the cursor may take, as in the product. */
const suffixShare = 0.25;

export class Prompts {
  readonly fim: FimFormat;
  private readonly segments: SegmentTokenizer;

  constructor(
    { model, tokenizer }: Setting,
    /** The most tokens of a prompt. */
    readonly budget: number,
  ) {
    this.fim = fimFormatOf(model.metadata, tokenizer);
    this.segments = new SegmentTokenizer(tokenizer);
  }

  /** At most `budget` tokens around `offset` of `text`. */
  at(name: string, text: string, offset: number): Int32Array {
    const encode = (part: string) => this.segments.encode(part);
    const path = this.fim.file === undefined ? new Int32Array(0) : encode(`${name}\n`);
    const room = this.budget - nFimOverhead - path.length;
    const suffix = suffixWindow(text.slice(offset), Math.floor(room * suffixShare), encode);
    const prefix = prefixWindow(text.slice(0, offset), room - suffix.length, encode);
    return joinFim(this.fim, { path, prefix, suffix });
  }
}
