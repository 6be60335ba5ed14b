/** render: a file with some of its parts left out, a comment in the place of each gap. */

import { languageOf } from '../syntax/languages.ts';
import type { OutlinePart } from './outline.ts';

/** How much of a part is kept. */
export type Form = 'full' | 'blocks' | 'skeleton' | 'dropped';

/** What is kept of a part; a skeleton is a part of whose statements none is. */
export interface Kept {
  readonly form: Exclude<Form, 'dropped'>;
  /** Indices of the statements that stay; of a skeleton, that of Python's docstring. */
  readonly parts?: ReadonlySet<number>;
}

/** By the part's id; absent: left out. Containers are kept as far as their members are. */
export type Choice = ReadonlyMap<string, Kept>;

/** A text on lines of its own that says that something was left out. */
export function gapMarker(languageId: string): string {
  const { lineComments, blockComment } = languageOf(languageId);
  if (lineComments[0]) return `${lineComments[0]} …`;
  return blockComment ? `${blockComment[0]} … ${blockComment[1]}` : '…';
}

/** Statements that do nothing, for languages where a block must have one. */
const emptyBlock: Readonly<Record<string, string>> = { python: '...', shellscript: ':', ruby: '# …' };

/** `text` with what `choice` keeps; '' when it keeps nothing. */
export function render(
  text: string,
  languageId: string,
  outline: readonly OutlinePart[],
  choice: Choice,
): string {
  if (!outline.some((part) => isKept(part, choice))) return '';
  return new Rendering(text, languageId, choice).list(outline).join('');
}

/** Whether anything of the part is kept. */
export function isKept(part: OutlinePart, choice: Choice): boolean {
  if (choice.has(part.id)) return true;
  return part.role === 'container' && part.parts.some((member) => isKept(member, choice));
}

/** What a part takes in a form when it stands alone. */
export function renderPart(text: string, languageId: string, part: OutlinePart, kept: Kept): string {
  return new Rendering(text, languageId, new Map([[part.id, kept]])).part(part).join('');
}

class Rendering {
  private readonly marker: string;

  constructor(
    private readonly text: string,
    private readonly languageId: string,
    private readonly choice: Choice,
  ) {
    this.marker = gapMarker(languageId);
  }

  /** Neighbouring parts; each gap between kept ones is one marker. */
  list(
    parts: readonly OutlinePart[],
    isKeptAt = (part: OutlinePart, _: number) => isKept(part, this.choice),
  ): string[] {
    const out: string[] = [];
    let isGap = false;
    let end = parts[0]?.start ?? 0;
    parts.forEach((part, i) => {
      if (!isKeptAt(part, i)) {
        if (!isGap) out.push(`${this.indentOf(part)}${this.marker}\n`);
        isGap = true;
      } else {
        if (!isGap) out.push(this.text.slice(end, part.start)); // blank lines
        isGap = false;
        out.push(
          ...(this.choice.has(part.id) || part.role === 'container' ? this.part(part) : [this.own(part)]),
        );
      }
      end = part.endExclusive;
    });
    return out;
  }

  /** One part in the form that is chosen for it. */
  part(part: OutlinePart): string[] {
    const kept = this.choice.get(part.id);
    const { parts } = part;
    const first = parts[0];
    const last = parts.at(-1);
    if (!first || !last || kept?.form === 'full') return [this.own(part)];
    const head = this.text.slice(part.start, first.start);
    const tail = this.text.slice(last.endExclusive, part.endExclusive);
    if (part.role === 'container' && !kept) return [head, ...this.list(parts), tail];
    const stays = kept?.parts ?? new Set<number>();
    const placeholder = stays.size === 0 ? emptyBlock[this.languageId] : undefined;
    if (placeholder) return [head, `${this.indentOf(first)}${placeholder}\n`, tail];
    return [head, ...this.list(parts, (_, i) => stays.has(i)), tail];
  }

  private own({ start, endExclusive }: OutlinePart): string {
    const own = this.text.slice(start, endExclusive);
    return own.endsWith('\n') ? own : `${own}\n`;
  }

  private indentOf({ start }: OutlinePart): string {
    return /^[^\S\n]*/.exec(this.text.slice(start, start + 200))?.[0] ?? '';
  }
}
