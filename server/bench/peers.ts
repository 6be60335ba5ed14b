/** peers: llama.cpp on the same weights, prompts, threads and typing sessions, in one alternating run. */

// What is compared is the way from a changed prompt to the next token: which rows of the cache are
// kept, and how fast the rest is computed. The product's oracle, filters and debounce are in neither.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineIndex } from '../src/engine/text/line-index.ts';
import { medianInterval } from './bootstrap.ts';
import { type Contender, llamaCpp, stet, type Timing } from './peers/contenders.ts';
import { writeGguf } from './peers/gguf.ts';
import { playPasses } from './peers/passes.ts';
import { Prompts } from './peers/prompts.ts';
import type { Figure, Report } from './report.ts';
import { readSessions } from './sessions.ts';
import type { Setting, SourceFile } from './setting.ts';
import { mean, median, p95 } from './statistics.ts';

/** The context of the bar that the design sets for edits above the cursor. */
const wantedContextTokens = 2048;
/** Tokens written behind each prompt: a typical line. */
const nAnswer = 12;
/** Sessions are long: so many rounds make one session. */
const roundsPerSession = 4;

type Answers = Map<string, Timing[][]>;

export async function peers(setting: Setting): Promise<Report> {
  const { forward, model, conditions } = setting;
  const nMost = Math.min(
    model.metadata.contextTokens ?? forward.config.maxPositions,
    forward.config.maxPositions,
  );
  const prompts = new Prompts(setting, Math.min(wantedContextTokens, nMost - nAnswer - 1));
  const nRow = prompts.budget + nAnswer + 1;
  const folder = await mkdtemp(join(tmpdir(), 'stet-gguf-'));
  const gguf = join(folder, 'model.gguf');
  const contenders: Contender[] = [];
  try {
    await writeGguf(setting.modelFolder, gguf, 'q8_0');
    const llama = await llamaCpp('llama.cpp, cache reuse 256', gguf, {
      threads: conditions.threads,
      contextTokens: Math.ceil(nRow / 256) * 256,
    });
    contenders.push(
      stet(setting, 'Stet', nRow),
      stet(setting, 'Stet, prefix reuse only', nRow, { method: 'prefix', nRepairHead: 0, nRepairTail: 0 }),
      llama,
    );
    const ends = [contenders[0], llama] as const; // one runtime and the other
    const { nVocab } = forward.config;
    const bare = await playPasses(ends as readonly Contender[], setting.nRound, { nRow, nVocab });
    const situations = await playSituations(setting, prompts, contenders);
    const sessions = await playSessions(setting, prompts, contenders);
    const figures = [...situations, ...sessions].flatMap(([situation, timings]) =>
      compare(situation, contenders, timings),
    );
    return {
      suite: 'peers',
      conditions,
      figures: [...bare, ...figures],
      notes: notesOf(setting, prompts, llama.peer),
    };
  } finally {
    for (const contender of contenders) await contender.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Asks every contender, in an order that changes from time to time so that none always goes first. */
class Rota {
  private n = 0;

  constructor(private readonly contenders: readonly Contender[]) {}

  async ask(prompt: Int32Array, isCold = false): Promise<Timing[]> {
    const { contenders } = this;
    const answers: Timing[] = [];
    for (let i = 0; i < contenders.length; i++) {
      const at = (i + this.n) % contenders.length;
      if (isCold) await contenders[at]?.clear();
      answers[at] = await (contenders[at] as Contender).answer(prompt, nAnswer);
    }
    this.n++;
    return answers;
  }
}

async function playSituations(setting: Setting, prompts: Prompts, contenders: readonly Contender[]) {
  const answers: Answers = new Map();
  const rota = new Rota(contenders);
  const note = (what: string, timings: Timing[]) =>
    answers.set(what, [...(answers.get(what) ?? []), timings]);
  for (let round = 0; round < setting.nRound; round++) {
    const file = setting.files[round % setting.files.length] as SourceFile;
    const place = new Place(file, round);
    const prompt = () => prompts.at(file.name, place.text, place.offset);
    note('a file never seen', await rota.ask(prompt(), true));
    place.replace(place.offset, place.offset, '_');
    note('one more character typed', await rota.ask(prompt()));
    place.insertAbove(50, '// remember what was measured here and why\n');
    note('a line inserted 50 lines above', await rota.ask(prompt()));
    place.replace(place.offset, place.offset, 'x');
    await rota.ask(prompt());
    place.removeLineAbove(50);
    note('a line deleted 50 lines above', await rota.ask(prompt()));
    place.insertAbove(10, 'const before = undefined;\n');
    note('a line inserted 10 lines above', await rota.ask(prompt()));
  }
  return answers;
}

/** A file and a cursor in its last third. */
class Place {
  text: string;
  offset: number;

  constructor(file: SourceFile, round: number) {
    const lines = new LineIndex(file.text);
    let line = Math.floor(lines.count * (0.7 + 0.25 * ((round * 0.37) % 1)));
    while (lines.textOf(line).trim().length < 12 && line < lines.count - 1) line++;
    this.offset = lines.startOf(line) + lines.textOf(line).search(/\S/) + 6;
    this.text = file.text.slice(0, this.offset) + file.text.slice(lines.endOf(line));
  }

  /** Replaces text before the cursor, which moves along. */
  replace(start: number, end: number, text: string): void {
    this.text = this.text.slice(0, start) + text + this.text.slice(end);
    this.offset += text.length - (end - start);
  }

  insertAbove(nLine: number, text: string): void {
    const at = this.lineAbove(nLine).start;
    this.replace(at, at, text);
  }

  removeLineAbove(nLine: number): void {
    const { start, end } = this.lineAbove(nLine);
    this.replace(start, end, '');
  }

  private lineAbove(nLine: number): { start: number; end: number } {
    const lines = new LineIndex(this.text);
    const line = Math.max(1, lines.lineAt(this.offset) - nLine);
    return { start: lines.startOf(line), end: lines.startOf(line + 1) };
  }
}

async function playSessions(setting: Setting, prompts: Prompts, contenders: readonly Contender[]) {
  const answers: Answers = new Map();
  const rota = new Rota(contenders);
  const sessions = await readSessions();
  for (const session of sessions.slice(0, Math.ceil(setting.nRound / roundsPerSession))) {
    let text = '';
    let name = '';
    for (const event of session) {
      if (event.kind === 'open') {
        ({ text, name } = event);
        for (const contender of contenders) await contender.clear();
      } else if (event.kind === 'edit') {
        text = text.slice(0, event.start) + event.text + text.slice(event.endExclusive);
      } else {
        const what = event.isJump ? 'typing sessions: after a jump' : 'typing sessions: while typing';
        const timings = await rota.ask(prompts.at(name, text, event.offset));
        answers.set(what, [...(answers.get(what) ?? []), timings]);
      }
    }
  }
  return answers;
}

/** `timings`: question by question, contender by contender; the first contender is compared with the last. */
function compare(
  situation: string,
  contenders: readonly Contender[],
  timings: readonly (readonly Timing[])[],
): Figure[] {
  const figures = contenders.flatMap(({ name }, i) => {
    const own = timings.map((row) => row[i] as Timing);
    const cell = (what: string, unit: string, values: number[], isTime: boolean): Figure => ({
      key: `peers.${situation}.${name}.${what}`,
      label: `${situation}, ${name}: ${what}`,
      unit,
      median: isTime ? median(values) : mean(values),
      ...(isTime && { p95: p95(values), interval: medianInterval(values) }),
      n: values.length,
      cell: { table: situation, row: name, column: `${what}, ${unit}${isTime ? ' (p95)' : ''}` },
    });
    return [
      cell(
        'to the first token',
        'ms',
        own.map(({ firstMs }) => firstMs),
        true,
      ),
      cell(
        'each further token',
        'ms',
        own.map(({ stepMs }) => stepMs),
        true,
      ),
      cell(
        'computed',
        'tokens',
        own.map(({ nNew }) => nNew),
        false,
      ),
      cell(
        'moved',
        'tokens',
        own.map(({ nShifted }) => nShifted),
        false,
      ),
    ];
  });
  const ratios = timings.map((row) => (row.at(-1) as Timing).firstMs / (row[0] as Timing).firstMs);
  return [
    {
      key: `peers.${situation}.ratio`,
      label: `${situation}: llama.cpp's time to the first token over Stet's, question by question`,
      unit: '×',
      median: median(ratios),
      interval: medianInterval(ratios),
      n: ratios.length,
    },
    ...figures,
  ];
}

function notesOf(
  { conditions, model }: Setting,
  prompts: Prompts,
  peer: { systemInfo: string; threads: number },
) {
  return [
    `Equal: the weights (one safetensors file), the prompts as token ids (at most ${prompts.budget}, cut by the product's rules), the order of questions, greedy choice, ${peer.threads} threads of one process on one machine, contenders taking turns at every question.`,
    `Not equal: weights are ${model.format} (a scale per row, activations quantised as they come) in Stet and Q8_0 (a scale per 32) in llama.cpp; keys and values are float32 in Stet and float16 in llama.cpp; flash attention is on in llama.cpp; the runtimes are ONNX Runtime and ggml (${peer.systemInfo.trim()}).`,
    'llama.cpp is driven through its C API by node-llama-cpp 3.22.1, without HTTP and without its tokeniser, which favours it over llama-server; the prompt cache follows llama-server with `--cache-reuse 256`, as llama.vscode starts it: common prefix, then runs of 256 tokens or more that moved to the left.',
    "Stet's moved rows are approximations until a pause heals them (see edit-reuse), llama.cpp's after a deletion are too, and are not healed. `prefix reuse only` is exact, in our runtime.",
    ...(conditions.model.startsWith('random')
      ? ['The weights are random: times are true for the size, texts mean nothing.']
      : []),
  ];
}
