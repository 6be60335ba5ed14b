/** Parsers: the host of tree-sitter; loads a language's grammar when it is first needed. */

// The only importer of web-tree-sitter. Its runtime is one per process (its own rule), a parser is
// one per grammar: parsing is synchronous, so nobody ever waits for one.

import { Language, Parser } from 'web-tree-sitter';
import type { GrammarSource, Tracer } from '../base/ports.ts';
import { languageOf } from './languages.ts';

export type { Node, Tree } from 'web-tree-sitter';
export { Edit, type Parser } from 'web-tree-sitter';

let runtime: Promise<void> | undefined;

/** Owner of the parsers; everything it gives out lives until `dispose`. */
export class Parsers {
  private readonly loading: Map<string, Promise<Parser | undefined>>;
  private readonly loaded: Map<string, Parser>;

  private constructor(
    private readonly grammarSource: GrammarSource,
    private readonly trace: Tracer | undefined,
    private readonly lender?: Parsers,
  ) {
    this.loading = lender?.loading ?? new Map();
    this.loaded = lender?.loaded ?? new Map();
  }

  /** `runtimeWasm`: web-tree-sitter.wasm of the same version as the package. */
  static async load(grammarSource: GrammarSource, runtimeWasm: Uint8Array, trace?: Tracer): Promise<Parsers> {
    runtime ??= Parser.init({ wasmBinary: runtimeWasm as Uint8Array<ArrayBuffer> });
    try {
      await runtime;
    } catch (error) {
      runtime = undefined; // a later load may bring better bytes
      throw error;
    }
    return new Parsers(grammarSource, trace);
  }

  /** The same parsers for one more engine, which may dispose of them: the runtime never gives a grammar's memory back. */
  lease(): Parsers {
    return new Parsers(this.grammarSource, this.trace, this);
  }

  /** The parser of a VS Code language id; undefined when there is no grammar or it does not load. */
  async of(languageId: string): Promise<Parser | undefined> {
    const { grammar } = languageOf(languageId);
    if (grammar === undefined) return undefined;
    let parser = this.loading.get(grammar);
    if (!parser) {
      parser = this.open(grammar);
      this.loading.set(grammar, parser);
    }
    return parser;
  }

  /** As `of`, but never waits: undefined also while the grammar is not loaded yet. */
  ready(languageId: string): Parser | undefined {
    const { grammar } = languageOf(languageId);
    return grammar === undefined ? undefined : this.loaded.get(grammar);
  }

  dispose(): void {
    if (this.lender) return;
    for (const parser of this.loaded.values()) parser.delete();
    this.loaded.clear();
    this.loading.clear();
  }

  /** A grammar that does not load costs its language the tree, never a completion. */
  private async open(grammar: string): Promise<Parser | undefined> {
    try {
      const wasm = await this.grammarSource(grammar);
      if (!wasm) return undefined;
      const parser = new Parser().setLanguage(await Language.load(wasm));
      this.loaded.set(grammar, parser);
      return parser;
    } catch (error) {
      const message = `The grammar "${grammar}" does not load (${String(error)}). Build the extension again.`;
      this.trace?.({ kind: 'log', level: 'warn', message });
      return undefined;
    }
  }
}
