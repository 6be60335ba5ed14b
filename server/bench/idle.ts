/** idle: what the real server's processes cost while one types a list, types code, and does nothing at all. */

// Processor time is read from /proc, so this suite runs on Linux only. The server is the built one with
// the embedded model, a folder to index and static analysis, as an editor starts it.

import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  createProtocolConnection,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import {
  indexStatusNotification,
  type SearchResponse,
  searchRequest,
  statusNotification,
} from '../../protocol/messages.ts';
import type { Figure, Report } from './report.ts';
import type { Setting } from './setting.ts';
import { median, p95 } from './statistics.ts';

/** A fast typist. */
const keysPerSecond = 8;
const typingKeys = 240;
/** Quiet after the last key before the processes are watched, and how long they are. */
const quietMs = 60_000;
const watchedMs = 30_000;
/** Times that the list is typed and deleted again; memory is compared after the first ones. */
const nLists = 12;
const nWarmLists = 4;
const listKeyMs = 15;
/** Before memory is compared: a person pauses too, and what idle time does is done. */
const pauseMs = 5_000;
/** Files that are saved and then looked for; search is asked every so often until it finds one. */
const nSaves = 10;
const searchEveryMs = 20;

/** Milliseconds per clock tick: USER_HZ is 100 on every Linux that Node runs on. */
const msPerTick = 10;

interface Usage {
  readonly name: string;
  readonly cpuMs: number;
  readonly rssMb: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function idle({ conditions }: Setting): Promise<Report> {
  if (process.platform !== 'linux') throw new Error('idle reads /proc, so it needs Linux.');
  const session = await Session.start();
  try {
    const typing = await session.during(async () => {
      await session.type(
        '\nexport function latest(values: readonly number[]): number {\n  return values.',
        1000 / keysPerSecond,
      );
      await session.type(lineOfCode, 1000 / keysPerSecond, typingKeys);
    });
    const lists: number[] = [];
    for (let i = 0; i < nLists; i++) {
      await session.typeList();
      if (i === nWarmLists - 1 || i === nLists - 1) await sleep(pauseMs); // idle time gives memory back
      lists.push(total(await session.usage(), 'rssMb'));
    }
    const saved: number[] = [];
    for (let i = 0; i < nSaves; i++) saved.push(await session.saveAndFind(`savedMarker${'abcdefghij'[i]}`));
    await session.answered(); // on a busy machine the last key may still be waiting
    await sleep(quietMs);
    const nothing = await session.during(() => sleep(watchedMs));
    return { suite: 'idle', conditions, figures: figuresOf(typing, lists, nothing, saved) };
  } finally {
    await session.stop();
  }
}

const lineOfCode = 'const total = values.reduce((sum, value) => sum + value, 0);\n  ';

interface During {
  readonly ms: number;
  /** CPU time spent meanwhile, by process. */
  readonly usage: readonly Usage[];
}

function figuresOf(
  typing: During,
  lists: readonly number[],
  nothing: During,
  saved: readonly number[],
): Figure[] {
  const once = (key: string, label: string, unit: string, median: number): Figure => {
    return { key: `idle.${key}`, label, unit, median, n: 1 };
  };
  const share = ({ ms, usage }: During, name?: string) =>
    (100 *
      total(
        usage.filter((one) => name === undefined || one.name === name),
        'cpuMs',
      )) /
    ms;
  const names = [...new Set([...typing.usage, ...nothing.usage].map(({ name }) => name))];
  const settled = lists[nWarmLists - 1] as number;
  return [
    ...names.map((name) =>
      once(
        `typing.${name}`,
        `typing ${keysPerSecond} keys a second: ${name}, of one core`,
        '%',
        share(typing, name),
      ),
    ),
    once('typing.rss', 'memory of all processes after it', 'MB', total(typing.usage, 'rssMb')),
    once(
      'list.growth',
      `memory that typing a list of ten lines adds, from the ${nWarmLists}th time to the ${nLists}th`,
      'MB',
      (lists.at(-1) as number) - settled,
    ),
    {
      key: 'idle.saved',
      label: 'a file is saved: until search finds it as it is now',
      unit: 'ms',
      median: median(saved),
      p95: p95(saved),
      n: saved.length,
    },
    once('list.rss', 'memory of all processes at the end of that', 'MB', lists.at(-1) as number),
    ...names.map((name) =>
      once(
        `nothing.${name}`,
        `processor time in ${watchedMs / 1000} s, ${quietMs / 1000} s after the last key: ${name}`,
        'ms',
        total(
          nothing.usage.filter((one) => one.name === name),
          'cpuMs',
        ),
      ),
    ),
  ];
}

const total = (usage: readonly Usage[], of: 'cpuMs' | 'rssMb') =>
  usage.reduce((sum, one) => sum + one[of], 0);

/** One editor with one document, asked for a suggestion at every key. */
class Session {
  private readonly uri: string;
  private text: string;
  private version = 1;
  private lastAnswer: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly child: ChildProcess,
    private readonly connection: ProtocolConnection,
    private readonly scratch: string,
    file: { readonly path: string; readonly text: string },
  ) {
    this.uri = pathToFileURL(file.path).href;
    this.text = file.text;
  }

  static async start(): Promise<Session> {
    const bundles = dirname(fileURLToPath(import.meta.url));
    const scratch = await mkdtemp(join(tmpdir(), 'stet-idle-'));
    const folder = join(scratch, 'engine');
    await cp(join(bundles, '..', 'server', 'src', 'engine'), folder, { recursive: true });
    const path = join(folder, 'text', 'line-index.ts');
    const child = spawn(process.execPath, [join(bundles, 'server.cjs'), '--stdio'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const isReady = new Promise<void>((resolve) => {
      connection.onNotification(statusNotification, ({ state }) => {
        if (state === 'ready') resolve();
      });
    });
    const isIndexed = new Promise<void>((resolve) => {
      connection.onNotification(indexStatusNotification, ({ state }) => {
        if (state === 'ready') resolve();
      });
    });
    connection.listen();
    await connection.sendRequest('initialize', {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: [{ uri: pathToFileURL(folder).href, name: 'engine' }],
      capabilities: {},
      initializationOptions: {
        hasStatusItem: true,
        settings: { 'search.indexFolder': join(scratch, 'index') },
      },
    });
    await connection.sendNotification('initialized', {});
    const session = new Session(child, connection, scratch, { path, text: await readFile(path, 'utf8') });
    await connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri: session.uri, languageId: 'typescript', version: 1, text: session.text },
    });
    await Promise.all([isReady, isIndexed]);
    return session;
  }

  /** Types `text`, over and over up to `nKeys` where that is given. */
  async type(text: string, msPerKey: number, nKeys = text.length): Promise<void> {
    for (let i = 0; i < nKeys; i++) {
      await this.change(this.text.length, 0, text.charAt(i % text.length));
      this.ask();
      await sleep(msPerKey);
    }
  }

  /** Ten lines of a list, and away again. */
  async typeList(): Promise<void> {
    const before = this.text.length;
    const lines = Array.from({ length: 10 }, (_, i) => `  'entry number ${i}',\n`).join('');
    await this.type(`\nconst entries = [\n${lines}];\n`, listKeyMs);
    await this.change(before, this.text.length - before, '');
  }

  async during(act: () => Promise<void>): Promise<During> {
    const before = new Map((await this.rows()).map(({ pid, cpuMs }) => [pid, cpuMs]));
    const startMs = performance.now();
    await act();
    const after = await this.rows();
    return {
      ms: performance.now() - startMs,
      usage: after.map(({ pid, name, cpuMs, rssMb }) => ({
        name,
        rssMb,
        cpuMs: cpuMs - (before.get(pid) ?? 0),
      })),
    };
  }

  /** Milliseconds from the saving of a file with `marker` in it to a search that has it. */
  async saveAndFind(marker: string): Promise<number> {
    const path = join(this.scratch, 'engine', 'saved.ts');
    await writeFile(path, `export function ${marker}() {\n  return '${marker}';\n}\n`);
    const startMs = performance.now();
    const textDocument = { uri: pathToFileURL(path).href };
    await this.connection.sendNotification('textDocument/didSave', { textDocument });
    for (;;) {
      const params = { searchId: 1, query: marker, limit: 5 };
      const { results } = await this.connection.sendRequest<SearchResponse>(searchRequest, params);
      if (results.some(({ text }) => text.includes(marker))) return performance.now() - startMs;
      if (performance.now() - startMs > 60_000) throw new Error('A saved file was not found in a minute.');
      await sleep(searchEveryMs);
    }
  }

  usage(): Promise<readonly Usage[]> {
    return this.rows();
  }

  async stop(): Promise<void> {
    await this.connection.sendRequest('shutdown').catch(() => {});
    await this.connection.sendNotification('exit').catch(() => {});
    this.connection.dispose();
    await new Promise((resolve) =>
      this.child.exitCode === null ? this.child.once('exit', resolve) : resolve(0),
    );
    await rm(this.scratch, { recursive: true, force: true });
  }

  /** Not awaited: a person does not wait either, and the next key overtakes it. */
  private ask(): void {
    const lines = this.text.split('\n');
    const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
    const params = { textDocument: { uri: this.uri }, position, context: { triggerKind: 2 } };
    this.lastAnswer = this.connection.sendRequest('textDocument/inlineCompletion', params).catch(() => {});
  }

  /** The last question has its answer. */
  async answered(): Promise<void> {
    await this.lastAnswer;
  }

  private async change(start: number, nRemoved: number, text: string): Promise<void> {
    const positionAt = (offset: number) => {
      const lines = this.text.slice(0, offset).split('\n');
      return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
    };
    const range = { start: positionAt(start), end: positionAt(start + nRemoved) };
    this.text = this.text.slice(0, start) + text + this.text.slice(start + nRemoved);
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri: this.uri, version: ++this.version },
      contentChanges: [{ range, text }],
    });
  }

  /** The server and all below it. */
  private async rows(): Promise<(Usage & { readonly pid: number })[]> {
    const all = await Promise.all(
      (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map((name) => processRow(Number(name))),
    );
    const known = all.filter((row) => row !== undefined);
    const own = new Set([this.child.pid]);
    for (let size = 0; size !== own.size; ) {
      size = own.size;
      for (const { pid, parent } of known) if (own.has(parent)) own.add(pid);
    }
    return known.filter(({ pid }) => own.has(pid));
  }
}

/** Undefined: it ended meanwhile. */
async function processRow(pid: number) {
  try {
    const [stat, status, command] = await Promise.all(
      ['stat', 'status', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
    );
    const fields = (stat as string).replace(/^.*\) /, '').split(' ');
    const bundle = /([\w-]+)\.c?js\0/.exec(`${command}\0`)?.[1] ?? 'other';
    return {
      pid,
      parent: Number(fields[1]),
      name: bundle.replace(/^oracle-/, '').replace('langserver.index', 'pyright'),
      cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick, // utime, stime
      rssMb: Number(/VmRSS:\s+(\d+)/.exec(status as string)?.[1] ?? 0) / 1024,
    };
  } catch {
    return undefined;
  }
}
