/** PublishedMonitor: monitor-guided decoding as its published code does it, to compare ours with. */

// monitors4codegen's dereferences_monitor.py (github.com/microsoft/monitors4codegen): it asks when the
// text ends in a dot, forbids every token that leads to no listed name, and takes each list for
// complete. In strings and comments too; a dot inside a token is never seen.

import type { Constraint } from '../src/engine/decoding/constraints/constraint.ts';
import type { SymbolOracle } from '../src/engine/decoding/constraints/symbol-oracle.ts';
import type { Tokenizer } from '../src/engine/tokens/tokenizer.ts';

export interface PublishedPlace {
  readonly uri: string;
  readonly languageId: string;
  readonly textBefore: string;
  readonly textAfter: string;
}

export class PublishedMonitor implements Constraint {
  private bytes: number[] = [];
  private text: string;
  private names: readonly string[] | undefined;
  private typed = '';
  private isAsked = false;
  waitedMs = 0;

  constructor(
    private readonly oracle: SymbolOracle,
    private readonly tokenizer: Tokenizer,
    private readonly place: PublishedPlace,
  ) {
    this.text = place.textBefore;
  }

  prepare(_likely: number, signal: AbortSignal): Promise<void> | undefined {
    if (this.isAsked || this.names || !this.text.endsWith('.')) return undefined;
    this.isAsked = true;
    const { uri, languageId, textAfter } = this.place;
    const query = {
      kind: 'member',
      uri,
      languageId,
      text: this.text + textAfter,
      offset: this.text.length,
    } as const;
    const startMs = performance.now();
    return this.oracle.symbols(query, signal).then((set) => {
      this.waitedMs += performance.now() - startMs;
      this.names = set?.names;
      this.typed = '';
    });
  }

  bias(token: number): number {
    if (!this.names) return 0;
    const text = this.typed + this.textOf(token);
    const name = /^[\p{L}\p{N}_$#]*/u.exec(text)?.[0] ?? '';
    if (text === '') return -Infinity;
    const isOver = name.length < text.length;
    const isFine = this.names.some((one) => (isOver ? one === name : one.startsWith(name)));
    return isFine ? 0 : -Infinity;
  }

  accept(token: number): void {
    const text = this.textOf(token);
    this.bytes.push(...this.tokenizer.bytesOf(token));
    this.text = this.place.textBefore + new TextDecoder().decode(Uint8Array.from(this.bytes));
    this.isAsked = false;
    if (!this.names) return;
    this.typed += text;
    if (/[^\p{L}\p{N}_$#]/u.test(this.typed)) this.names = undefined;
  }

  private textOf(token: number): string {
    return this.tokenizer.isSpecial(token) ? '' : new TextDecoder().decode(this.tokenizer.bytesOf(token));
  }
}
