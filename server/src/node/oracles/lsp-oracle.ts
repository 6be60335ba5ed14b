/** LspOracle: a SymbolOracle over any language server, run as our own child with overlay documents. */

// One question at a time: what the server sees is the text of the question being asked, so an answer
// is always about the text it was asked for. Nothing waits for a server that is starting.

import { Lane, type Priority } from '../../engine/base/lane.ts';
import type { Clock } from '../../engine/base/ports.ts';
import type {
  Diagnostic,
  SymbolOracle,
  SymbolQuery,
  SymbolSet,
} from '../../engine/decoding/constraints/symbol-oracle.ts';
import { LineIndex } from '../../engine/text/line-index.ts';
import { CheckPatience } from './check-patience.ts';
import { type ListTraits, symbolSetOf } from './completion-names.ts';
import { type LspDiagnostic, PublishedDiagnostics, problemsIn } from './diagnostics.ts';
import { KeptServer, type KeptServerOptions, type OracleHealth } from './kept-server.ts';
import { Overlay, positionAt } from './overlay.ts';
import type { ServerChild, ServerLaunch } from './server-child.ts';

export interface LspOracleOptions {
  /** For people: `pyright`, `clangd`. */
  readonly name: string;
  readonly languages: readonly string[];
  readonly traits: ListTraits;
  /** How to start it for the project in `root`; undefined: a file that belongs to none. */
  readonly launch: (root: string | undefined) => Promise<ServerLaunch>;
  /** The project that a document belongs to. */
  readonly rootOf: (uri: string) => Promise<string | undefined>;
  readonly memoryMb: number;
  readonly clock: Clock;
  readonly onHealth: (health: OracleHealth, detail: string) => void;
  readonly deadlines?: Partial<typeof defaultDeadlines>;
  readonly limits?: KeptServerOptions['limits'];
}

const defaultDeadlines = {
  /** Who asks has a deadline of its own, far shorter; this one tells a busy server from a dead one. */
  symbolsMs: 2000,
  diagnosticsMs: 4000,
  /** The first answer reads the project. */
  warmUpMs: 120_000,
};

interface OwnDocument {
  readonly languageId: string;
  readonly text: string;
}

export class LspOracle implements SymbolOracle {
  readonly name: string;
  private readonly server: KeptServer;
  private readonly documents = new Map<string, OwnDocument>();
  private readonly lane = new Lane();
  private readonly published = new PublishedDiagnostics();
  private readonly deadlines: typeof defaultDeadlines;
  private overlay: Overlay | undefined;
  /** Documents that the server has answered a question about. */
  private readonly warm = new Set<string>();
  private readonly roots = new Set<string>();
  /** Checks that run or wait for their turn; they end when somebody who is writing waits for names. */
  private readonly checks = new Set<AbortController>();
  private readonly patience = new CheckPatience();

  constructor(private readonly options: LspOracleOptions) {
    this.name = options.name;
    this.deadlines = { ...defaultDeadlines, ...options.deadlines };
    const { name, memoryMb, clock, onHealth, limits } = options;
    this.server = new KeptServer({
      name,
      memoryMb,
      clock,
      onHealth,
      ...(limits && { limits }),
      onReady: (child) => this.onReady(child),
      onGone: () => {
        this.overlay = undefined;
        this.warm.clear();
        this.published.clear();
      },
      onNotification: (method, params) => {
        if (method === 'textDocument/publishDiagnostics') this.published.take(params);
      },
    });
  }

  serves(languageId: string): boolean {
    return this.options.languages.includes(languageId);
  }

  /** Of the server's process while there is one, for logs and tests. */
  get pid(): number | undefined {
    return this.server.pid;
  }

  /** Whether the server has answered about this document, so that the next answer is quick. */
  isWarm(uri: string): boolean {
    return this.warm.has(uri);
  }

  edit(document: { uri: string; languageId: string; version: number; text: string | undefined }): void {
    const { uri, languageId, text } = document;
    if (text === undefined) {
      this.documents.delete(uri);
      this.warm.delete(uri);
      this.published.forget(uri);
      this.patience.gotAnswer(uri);
      this.overlay?.close(uri);
      return;
    }
    const isNew = !this.documents.has(uri);
    this.documents.set(uri, { languageId, text });
    if (isNew) void this.opened(uri);
  }

  async symbols(query: SymbolQuery, signal: AbortSignal): Promise<SymbolSet | undefined> {
    const { uri, languageId, text, offset, kind } = query;
    const { traits } = this.options;
    if (kind !== 'member' && kind !== 'import-name') return undefined;
    const before = text.slice(Math.max(0, offset - 1000), offset);
    for (const check of this.checks) check.abort(new Error('names are wanted at once'));
    return this.ask(signal, this.deadlines.symbolsMs, async (child, overlay, deadline) => {
      this.show(overlay, uri, languageId, text);
      const position = positionAt(new LineIndex(text), offset);
      const params = { textDocument: { uri }, position, context: { triggerKind: 1 } };
      const list = await child.request<Parameters<typeof symbolSetOf>[0]>(
        'textDocument/completion',
        params,
        deadline,
      );
      this.warm.add(uri);
      return symbolSetOf(list, before, traits, position.character);
    });
  }

  async diagnostics(
    query: { uri: string; languageId: string; text: string; start: number; endExclusive: number },
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[] | undefined> {
    const { uri, languageId, text, start, endExclusive } = query;
    signal.throwIfAborted();
    if (!this.patience.allows(uri)) return undefined;
    const check = new AbortController();
    this.checks.add(check);
    const question = async (child: ServerChild, overlay: Overlay, deadline: AbortSignal) => {
      const end = AbortSignal.any([deadline, check.signal]);
      end.throwIfAborted(); // given up while it waited for its turn
      const version = this.show(overlay, uri, languageId, text);
      const all = child.canPullDiagnostics
        ? await pulled(child, uri, end)
        : await this.published.of(uri, version, text, end);
      this.patience.gotAnswer(uri);
      return all && problemsIn(all, text, start, endExclusive);
    };
    try {
      const isUnasked = this.server.child?.canPullDiagnostics !== true;
      return await this.ask(signal, this.deadlines.diagnosticsMs, question, { isUnasked });
    } catch (reason) {
      this.patience.gaveUp(uri); // it rejects only when it was not waited for
      throw reason;
    } finally {
      this.checks.delete(check);
    }
  }

  /**
   * Asks several things about one text in one turn, which nothing comes between. Undefined: no server, no
   * answer in time, or an error.
   */
  async consult<T>(
    { uri, languageId, text }: { uri: string; languageId: string; text: string },
    signal: AbortSignal,
    question: (ask: <A>(method: string, params: unknown) => Promise<A>) => Promise<T>,
  ): Promise<T | undefined> {
    return this.ask(signal, this.deadlines.diagnosticsMs, (child, overlay, deadline) => {
      this.show(overlay, uri, languageId, text);
      return question((method, params) => child.request(method, params, deadline));
    });
  }

  dispose(): Promise<void> {
    this.documents.clear();
    return this.server.dispose();
  }

  /** Shows the server `text`, and every other document as its user has it. */
  private show(overlay: Overlay, uri: string, languageId: string, text: string): number {
    for (const other of overlay.uris) {
      const own = other === uri ? undefined : this.documents.get(other);
      if (own) overlay.show(other, own.languageId, own.text);
    }
    const version = overlay.show(uri, languageId, text);
    this.published.shown(uri, version, text);
    return version;
  }

  /**
   * Runs `question` when its turn comes. Undefined: no server yet, no answer in time, or an error.
   * `isUnasked`: the server answers by itself or not at all, so its silence says nothing.
   */
  private async ask<T>(
    signal: AbortSignal,
    deadlineMs: number,
    question: (child: ServerChild, overlay: Overlay, deadline: AbortSignal) => Promise<T>,
    { priority = 'typing', isUnasked = false }: { priority?: Priority; isUnasked?: boolean } = {},
  ): Promise<T | undefined> {
    signal.throwIfAborted();
    if (!this.server.child) return undefined;
    const task = async (): Promise<T | undefined> => {
      const { child } = this.server;
      const { overlay } = this;
      if (!child || !overlay) return undefined;
      const patience = AbortSignal.timeout(deadlineMs);
      try {
        const answer = await question(child, overlay, AbortSignal.any([signal, patience]));
        this.server.answered();
        return answer;
      } catch {
        signal.throwIfAborted();
        // An error is an answer as well: the server lives. One that publishes nothing may live, too.
        if (!patience.aborted) this.server.answered();
        else if (!isUnasked) this.server.silent();
        return undefined;
      }
    };
    return this.lane.run(priority, task, signal);
  }

  private async opened(uri: string): Promise<void> {
    const root = await this.options.rootOf(uri);
    if (!this.documents.has(uri)) return;
    this.server.want(() => {
      if (root !== undefined) this.roots.add(root);
      return this.options.launch(root);
    });
    this.addRoot(root);
    void this.warmUp(uri);
  }

  /** A second project in the same server, where the server can hold more than one. */
  private addRoot(root: string | undefined): void {
    const child = this.server.child;
    if (!child || root === undefined || this.roots.has(root)) return;
    if (!child.capabilities.workspace?.workspaceFolders?.supported) return;
    this.roots.add(root);
    child.addRoot(root);
  }

  private onReady(child: ServerChild): void {
    this.overlay = new Overlay(child);
    const isMany = child.capabilities.workspace?.workspaceFolders?.supported;
    for (const root of isMany ? this.roots : []) child.addRoot(root);
    for (const uri of this.documents.keys()) void this.warmUp(uri);
  }

  /** Asks about a place of the document as it is, so that the first real question finds all of it read. */
  private async warmUp(uri: string): Promise<void> {
    const own = this.documents.get(uri);
    if (!own || !this.server.child || this.warm.has(uri)) return;
    const { languageId, text } = own;
    const offset = placeToWarm(text);
    await this.ask(
      new AbortController().signal,
      this.deadlines.warmUpMs,
      async (child, overlay, deadline) => {
        this.show(overlay, uri, languageId, this.documents.get(uri)?.text ?? text);
        const position = positionAt(new LineIndex(text), offset);
        const params = { textDocument: { uri }, position };
        await child.request('textDocument/completion', params, deadline).catch(() => {
          deadline.throwIfAborted(); // an error is an answer too: gopls has one for the text's end
        });
        if (this.documents.has(uri) && this.server.child === child) this.warm.add(uri);
      },
      { priority: 'background' },
    );
  }
}

/** Behind the first member access that a line begins with; the text's end where there is none. */
function placeToWarm(text: string): number {
  const found = /^\s+[A-Za-z_]\w*(?:\.|->)(?=[A-Za-z_])/m.exec(text);
  return found ? found.index + found[0].length : text.length;
}

async function pulled(
  child: ServerChild,
  uri: string,
  deadline: AbortSignal,
): Promise<LspDiagnostic[] | undefined> {
  const report = await child.request<{ kind?: string; items?: LspDiagnostic[] } | null>(
    'textDocument/diagnostic',
    { textDocument: { uri } },
    deadline,
  );
  return report?.kind === 'full' ? report.items : undefined;
}
