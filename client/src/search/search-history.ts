/** SearchHistory: the last queries, kept per workspace. */

import type { Memento } from 'vscode';

const mementoKey = 'searchHistory';
const maxEntries = 30;

export class SearchHistory {
  constructor(private readonly memento: Memento) {}

  /** Latest first, each once. */
  get entries(): readonly string[] {
    return this.memento.get<readonly string[]>(mementoKey, []);
  }

  add(query: string): void {
    const trimmed = query.trim();
    if (trimmed === '') return;
    const others = this.entries.filter((entry) => entry !== trimmed);
    void this.memento.update(mementoKey, [trimmed, ...others].slice(0, maxEntries));
  }

  clear(): void {
    void this.memento.update(mementoKey, undefined);
  }
}
