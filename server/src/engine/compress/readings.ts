/** Readings: what a file says whatever is asked about it, its outline above all, kept from request to request. */

import { Lru } from '../base/lru.ts';
import type { Clock } from '../base/ports.ts';
import { nErrors } from '../syntax/errors.ts';
import type { Parser, Parsers, Tree } from '../syntax/parsers.ts';
import { hashOf } from '../text/hash.ts';
import { type OutlinePart, outlineOf } from './outline.ts';

/** Longer files are cut by paragraphs. */
const maxTreeLength = 1_000_000;
const maxParseMs = 2000;

/** Characters of files whose outlines are remembered: what forty files have, three times over; some 10 MB. */
const maxChars = 1_000_000;

export interface Reading {
  /** With plain line feeds, as models are trained. */
  readonly text: string;
  readonly outline: readonly OutlinePart[];
  /** Of the whole file; undefined where there is no tree. */
  readonly nErrors: number | undefined;
}

export class Readings {
  private readonly known = new Lru<string, Reading>(maxChars, undefined, ({ text }) => text.length);

  constructor(
    private readonly clock: Clock,
    /** Absent: files are cut by paragraphs. */
    private readonly parsers: Parsers | undefined,
    private readonly splitsFunctions: boolean,
  ) {}

  /** Of a file with this content, whatever its name. Parses what it has not seen lately. */
  async of(languageId: string, fileText: string): Promise<Reading> {
    const text = fileText.replaceAll('\r\n', '\n');
    const key = `${languageId} ${hashOf(text)}`;
    const known = this.known.get(key);
    if (known?.text === text) return known;
    const parser = text.length > maxTreeLength ? undefined : await this.parsers?.of(languageId);
    const tree = parser && this.parse(parser, text);
    try {
      const outline = outlineOf(text, languageId, tree, this.splitsFunctions);
      const reading = { text, outline, nErrors: tree && nErrors(tree) };
      // A parser that ran out of time may have it next time.
      if (tree || !parser) this.known.set(key, reading);
      return reading;
    } finally {
      tree?.delete();
      await this.clock.yieldToHost();
    }
  }

  /** The errors of a text of a language that was read before; undefined where that cannot be known. */
  nErrors(languageId: string, text: string): number | undefined {
    const parser = this.parsers?.ready(languageId);
    const tree = parser && this.parse(parser, text);
    const n = tree && nErrors(tree);
    tree?.delete();
    return n;
  }

  private parse(parser: Parser, text: string): Tree | undefined {
    const deadlineMs = this.clock.nowMs() + maxParseMs;
    const progressCallback = () => this.clock.nowMs() > deadlineMs;
    const tree = parser.parse(text, undefined, { progressCallback });
    if (!tree) parser.reset(); // else the next parse would go on with this text
    return tree ?? undefined;
  }
}
