/** LineIndex: where each line of a text starts; lines end at \n, \r\n or a lone \r, as in LSP. */

/** Offsets in UTF-16 code units, lines counted from 0. */
export class LineIndex {
  private readonly starts: number[] = [0];

  constructor(private readonly text: string) {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) this.starts.push(i + 1);
    }
  }

  get count(): number {
    return this.starts.length;
  }

  /** The line that holds `offset` (0 ≤ offset ≤ length). */
  lineAt(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The offset at which `line` starts; the text's end for a line past the last. */
  startOf(line: number): number {
    return this.starts[line] ?? this.text.length;
  }

  /** The offset after the last character of `line`, before its line break. */
  endOf(line: number): number {
    const next = this.starts[line + 1];
    if (next === undefined) return this.text.length;
    const isCrLf = this.text.charCodeAt(next - 1) === 10 && this.text.charCodeAt(next - 2) === 13;
    return next - (isCrLf ? 2 : 1);
  }

  /** The text of `line` without its line break. */
  textOf(line: number): string {
    return this.text.slice(this.startOf(line), this.endOf(line));
  }
}
