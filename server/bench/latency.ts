/** latency: what a user waits for, from loading the model to the whole suggestion. */

import type { CompletionCost } from '../src/engine/base/ports.ts';
import type { Engine } from '../src/engine/engine.ts';
import { KvArena } from '../src/engine/model/arena.ts';
import { CausalLm } from '../src/engine/model/causal-lm.ts';
import { Sequence } from '../src/engine/model/sequence.ts';
import { LineIndex } from '../src/engine/text/line-index.ts';
import { systemClock } from '../src/node/clock.ts';
import { medianInterval } from './bootstrap.ts';
import type { Figure, Report } from './report.ts';
import type { Setting, SourceFile } from './setting.ts';
import { median, p95 } from './statistics.ts';

const live = new AbortController().signal;

export async function latency(setting: Setting): Promise<Report> {
  const once = (key: string, label: string, unit: string, value: number): Figure => ({
    key: `latency.${key}`,
    label,
    unit,
    median: value,
    n: 1,
  });
  const figures: Figure[] = [
    once('load', 'load the converted model', 'ms', setting.loadMs),
    once('rss-load', 'memory that loading added', 'MB', setting.loadRssBytes / 1e6),
    ...(await passes(setting)),
    ...(await situations(setting)),
  ];
  figures.push(once('rss', 'memory of the whole process at the end', 'MB', process.memoryUsage.rss() / 1e6));
  return { suite: 'latency', conditions: setting.conditions, figures };
}

/** Prefill and decode speed of the bare model. */
async function passes({ forward, nRound }: Setting): Promise<Figure[]> {
  const lm = new CausalLm(forward, systemClock);
  const { maxPositions, nVocab } = forward.config;
  const nLong = Math.min(1024, maxPositions - 64);
  const sequence = new Sequence(new KvArena(forward.config, nLong + 64));
  const prompt = Int32Array.from({ length: nLong }, (_, i) => (i * 7919) % Math.min(nVocab, 16000));
  const figures: Figure[] = [];
  for (const nToken of [256, nLong]) {
    const rates: number[] = [];
    for (let round = 0; round < nRound; round++) {
      const startMs = performance.now();
      await lm.prefill(sequence, prompt.subarray(0, nToken), live, {
        method: 'none',
        nRepairHead: 0,
        nRepairTail: 0,
      });
      rates.push((1000 * nToken) / (performance.now() - startMs));
    }
    const slowest = [...rates].sort((a, b) => b - a);
    figures.push({
      key: `latency.prefill-${nToken}`,
      label: `prefill, ${nToken} tokens`,
      unit: 'tok/s',
      median: median(rates),
      p95: p95(slowest.map((rate) => -rate)) * -1,
      n: rates.length,
    });
  }
  const steps: number[] = [];
  for (let i = 0; i < 3 * nRound; i++) {
    const startMs = performance.now();
    await lm.step(sequence, 5 + (i % 50), live);
    steps.push(performance.now() - startMs);
    if (sequence.length >= nLong + 60) sequence.align(prompt); // back to where decoding starts
  }
  figures.push(figure('decode', `decode one token behind ${nLong}`, steps));
  return figures;
}

/** The three things that happen in an editor, each through the whole engine without debounce. */
async function situations(setting: Setting): Promise<Figure[]> {
  const cold: CompletionCost[] = [];
  const typed: CompletionCost[] = [];
  const along: CompletionCost[] = [];
  const back: CompletionCost[] = [];
  const edited: CompletionCost[] = [];
  for (let round = 0; round < setting.nRound; round++) {
    const file = setting.files[round % setting.files.length] as SourceFile;
    const document = new OpenFile(setting.newEngine(), file, round);
    cold.push(await document.complete());
    const first = document.suggested?.charAt(0);
    if (first !== undefined) {
      document.type(first);
      along.push(await document.complete());
      document.erase();
    }
    document.type('_'); // no suggestion begins with it, so that the model is asked again
    typed.push(await document.complete());
    document.erase();
    back.push(await document.complete());
    document.type('_');
    document.editAbove(50);
    edited.push(await document.complete());
  }
  return [
    ...both('cold', 'a file never seen', cold),
    memory('along', 'a character of the suggestion typed: to the rest of it', along),
    ...both('typed', 'one more character typed', typed),
    memory('back', 'that one deleted again: to the suggestion that was there', back),
    ...both('edit-above', 'a line inserted 50 lines above', edited),
  ];
}

/** A file in an engine, and the edits that a round makes. */
class OpenFile {
  private readonly uri: string;
  private version = 1;
  private text: string;
  private offset: number;
  /** What was suggested last. */
  suggested: string | undefined;

  constructor(
    private readonly engine: Engine,
    file: SourceFile,
    round: number,
  ) {
    this.uri = `file:///bench/${file.name}`;
    this.text = file.text;
    // A line in the last third of the file, so that 50 lines and a full window stand above it.
    const lines = new LineIndex(file.text);
    let line = Math.floor(lines.count * (0.7 + 0.25 * ((round * 0.37) % 1)));
    while (lines.textOf(line).trim().length < 12 && line < lines.count - 1) line++;
    const indent = lines.textOf(line).search(/\S/);
    this.offset = lines.startOf(line) + indent + 6;
    this.text = this.text.slice(0, this.offset) + this.text.slice(lines.endOf(line));
    engine.edit({ kind: 'open', uri: this.uri, languageId: file.languageId, version: 1, text: this.text });
  }

  type(character: string): void {
    this.replace(this.offset, character);
    this.offset += 1;
  }

  /** Takes the last character back. */
  erase(): void {
    this.offset -= 1;
    this.replace(this.offset, '', 1);
  }

  editAbove(nLine: number): void {
    const lines = new LineIndex(this.text);
    const start = lines.startOf(Math.max(1, lines.lineAt(this.offset) - nLine));
    const inserted = '// remember what was measured here and why\n';
    this.replace(start, inserted);
    this.offset += inserted.length;
  }

  async complete(): Promise<CompletionCost> {
    const { cost, suggestion } = await this.engine.complete(
      {
        uri: this.uri,
        version: this.version,
        offset: this.offset,
        trigger: 'invoked',
        settings: {
          maxLines: 8,
          maxTokens: 64,
          contextTokens: 0,
          debounceMs: 0,
          maxFileSizeKb: 4096,
          editReuse: true,
        },
      },
      live,
    );
    this.suggested = suggestion?.text;
    return cost;
  }

  private replace(start: number, text: string, nRemoved = 0): void {
    const endExclusive = start + nRemoved;
    this.text = this.text.slice(0, start) + text + this.text.slice(endExclusive);
    this.version++;
    const edits = [{ start, endExclusive, text }];
    this.engine.edit({ kind: 'change', uri: this.uri, version: this.version, edits });
  }
}

function both(key: string, label: string, costs: readonly CompletionCost[]): Figure[] {
  return [
    figure(
      `${key}.first`,
      `${label}: to the first token`,
      costs.map((cost) => cost.firstTokenMs),
    ),
    figure(
      `${key}.full`,
      `${label}: to the whole suggestion`,
      costs.map((cost) => cost.ms),
    ),
    {
      ...figure(
        `${key}.new`,
        `${label}: prompt tokens computed`,
        costs.map((cost) => cost.nNew),
      ),
      unit: 'tokens',
    },
  ];
}

/** What is answered without the model. */
function memory(key: string, label: string, costs: readonly CompletionCost[]): Figure {
  return figure(
    `${key}.full`,
    label,
    costs.map((cost) => cost.ms),
  );
}

function figure(key: string, label: string, values: readonly number[]): Figure {
  return {
    key: `latency.${key}`,
    label,
    unit: 'ms',
    median: median(values),
    p95: p95(values),
    interval: medianInterval(values),
    samples: values.map((value) => Number(value.toPrecision(4))),
    n: values.length,
  };
}
