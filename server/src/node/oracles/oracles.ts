/** Oracles: one SymbolOracle for all languages, which asks the one that serves a document's language. */

// Each is made when the first document of its language is opened, and none before: a program nobody
// needs costs nothing. TypeScript's and pyright are ours, read files and run nothing, so they serve
// untrusted workspaces too. The rest are the user's own programs and need a trusted one.

import type { Clock, OracleHealth, TraceEvent } from '../../engine/base/ports.ts';
import type {
  Diagnostic,
  SymbolOracle,
  SymbolQuery,
  SymbolSet,
} from '../../engine/decoding/constraints/symbol-oracle.ts';
import { type KnownServer, knownServers, ownServer } from './known-servers.ts';
import { LspOracle } from './lsp-oracle.ts';
import { programOnPath, projectRoot } from './on-disk.ts';
import { pythonImports } from './python-imports.ts';
import {
  type PyrightFiles,
  pyrightLanguages,
  pyrightLaunch,
  pyrightName,
  pyrightTraits,
  pythonRootMarkers,
} from './python-server.ts';
import type { ImportsQuery, TextChange } from './typescript/wire.ts';
import { TypeScriptOracle } from './typescript-oracle.ts';

/** What the settings and the workspace's trust say; may change at any time. */
export interface OracleOptions {
  readonly isEnabled: boolean;
  readonly isTrusted: boolean;
  readonly disabledLanguages: readonly string[];
  /** For each oracle by itself. */
  readonly memoryMb: number;
  /** By language: the program and its arguments; an empty list: none. */
  readonly servers: Readonly<Record<string, readonly string[]>>;
  /** Kinds of place that nobody is asked about. */
  readonly disabledKinds: readonly string[];
}

export interface OracleParts {
  readonly clock: Clock;
  readonly tracer: (event: TraceEvent) => void;
  /** The bundle of the TypeScript oracle's process. */
  readonly typescriptPath: string;
  readonly pyright: PyrightFiles;
  /** Where programs are looked up, and what they are given; this process's when absent. */
  readonly environment?: NodeJS.ProcessEnv;
}

type EditedDocument = Parameters<SymbolOracle['edit']>[0];
type Warmable = SymbolOracle & { isWarm(uri: string): boolean };

const typescriptLanguages = ['typescript', 'typescriptreact', 'javascript', 'javascriptreact'];

const off: OracleOptions = {
  isEnabled: false,
  isTrusted: false,
  disabledLanguages: [],
  memoryMb: 1500,
  servers: {},
  disabledKinds: [],
};

export class Oracles implements SymbolOracle {
  readonly name = 'oracles';
  private options = off;
  private readonly documents = new Map<string, EditedDocument>();
  /** By language; undefined while it is looked up, and where there is none. */
  private readonly chosen = new Map<string, Warmable | undefined>();
  private readonly all = new Map<string, Warmable>(); // by name: C and C++ share one clangd
  private epoch = 0;

  constructor(private readonly parts: OracleParts) {}

  /** Takes new options; what they change is ended, and started anew for the open documents. */
  configure(options: OracleOptions): void {
    if (JSON.stringify(options) === JSON.stringify(this.options)) return;
    this.options = options;
    this.epoch++;
    for (const oracle of this.all.values()) void oracle.dispose();
    const languageIds = [...this.chosen.keys()].filter((languageId) => !this.isOn(languageId));
    if (languageIds.length > 0) {
      const detail = 'turned off in the settings';
      this.parts.tracer({ kind: 'oracle', languageIds, name: '', health: 'off', detail });
    }
    this.all.clear();
    this.chosen.clear();
    for (const document of this.documents.values()) this.edit(document);
  }

  private isOn(languageId: string): boolean {
    return this.options.isEnabled && !this.options.disabledLanguages.includes(languageId);
  }

  serves(languageId: string): boolean {
    return this.isOn(languageId) && this.chosen.get(languageId) !== undefined;
  }

  /** Whether questions about this document are answered at once. */
  isWarm(uri: string): boolean {
    const languageId = this.documents.get(uri)?.languageId;
    return languageId !== undefined && (this.chosen.get(languageId)?.isWarm(uri) ?? false);
  }

  async symbols(query: SymbolQuery, signal: AbortSignal): Promise<SymbolSet | undefined> {
    signal.throwIfAborted();
    if (this.options.disabledKinds.includes(query.kind)) return undefined;
    return this.chosen.get(query.languageId)?.symbols(query, signal);
  }

  async diagnostics(
    query: Parameters<SymbolOracle['diagnostics']>[0],
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[] | undefined> {
    signal.throwIfAborted();
    return this.chosen.get(query.languageId)?.diagnostics(query, signal);
  }

  /** The imports that an accepted text lacks; undefined where nobody knows. */
  async missingImports(query: ImportsQuery, signal: AbortSignal): Promise<readonly TextChange[] | undefined> {
    signal.throwIfAborted();
    const oracle = this.chosen.get(query.languageId);
    if (oracle instanceof TypeScriptOracle) return oracle.imports(query, signal);
    const isPyright = oracle instanceof LspOracle && oracle.name === pyrightName;
    return isPyright ? pythonImports(oracle, query, signal) : undefined;
  }

  edit(document: EditedDocument): void {
    const { uri, languageId, text } = document;
    if (text === undefined) this.documents.delete(uri);
    else this.documents.set(uri, document);
    if (!this.isOn(languageId)) return;
    if (this.chosen.has(languageId)) this.chosen.get(languageId)?.edit(document);
    else if (text !== undefined) void this.choose(languageId);
  }

  async dispose(): Promise<void> {
    this.epoch++;
    this.documents.clear();
    this.chosen.clear();
    await Promise.all([...this.all.values()].map((oracle) => oracle.dispose()));
    this.all.clear();
  }

  /** Finds who serves `languageId` and tells it of the open documents. */
  private async choose(languageId: string): Promise<void> {
    this.chosen.set(languageId, undefined); // looked up once
    const { epoch } = this;
    const oracle = await this.find(languageId);
    if (epoch !== this.epoch) return; // other options came meanwhile, and with them another choice
    this.chosen.set(languageId, oracle);
    for (const document of this.documents.values()) {
      if (document.languageId === languageId) oracle?.edit(document);
    }
  }

  private async find(languageId: string): Promise<Warmable | undefined> {
    const { servers, isTrusted } = this.options;
    const command = Object.hasOwn(servers, languageId) ? servers[languageId] : undefined;
    if (command?.length === 0) return this.none(languageId, '', 'off', 'turned off in stet.types.servers');
    const own = command && ownServer(languageId, command);
    if (!own && typescriptLanguages.includes(languageId)) return this.once('typescript', typescriptLanguages);
    if (!own && pyrightLanguages.includes(languageId)) return this.once(pyrightName, pyrightLanguages);
    const server = own ?? knownServers.find(({ languages }) => languages.includes(languageId));
    if (!server)
      return this.none(
        languageId,
        '',
        'unknown',
        'no language server is known for it; set one in stet.types.servers',
      );
    if (!isTrusted)
      return this.none(
        languageId,
        server.name,
        'untrusted',
        `${server.name} runs in trusted workspaces only`,
      );
    const { epoch } = this;
    const program = await programOnPath(server.command[0] ?? '', this.parts.environment);
    if (!program) return this.none(languageId, server.name, 'missing', server.howToGet);
    if (epoch !== this.epoch) return undefined;
    return this.once(server.name, server.languages, server, program);
  }

  private none(languageId: string, name: string, health: OracleHealth, detail: string): undefined {
    this.parts.tracer({ kind: 'oracle', languageIds: [languageId], name, health, detail });
    return undefined;
  }

  /** The oracle of this name, made when it is asked for first. */
  private once(name: string, languages: readonly string[], server?: KnownServer, program?: string): Warmable {
    const key = server ? `${name} ${server.command.join(' ')}` : name;
    const made = this.all.get(key);
    if (made) return made;
    const { clock, tracer, typescriptPath, pyright, environment } = this.parts;
    const { memoryMb } = this.options;
    const onHealth = (health: OracleHealth, detail: string) => {
      if (this.all.get(key) === oracle)
        tracer({ kind: 'oracle', languageIds: languages, name, health, detail });
    };
    const common = { name, languages, memoryMb, clock, onHealth };
    const oracle: Warmable =
      server && program
        ? new LspOracle({
            ...common,
            traits: server.traits,
            rootOf: (uri) => projectRoot(uri, server.rootMarkers),
            launch: async (root) => ({
              command: program,
              args: server.command.slice(1),
              settings: server.settings ?? {},
              initializationOptions: server.initializationOptions,
              root,
              ...(environment && { env: environment }),
            }),
          })
        : name === pyrightName
          ? new LspOracle({
              ...common,
              traits: pyrightTraits,
              rootOf: (uri) => projectRoot(uri, pythonRootMarkers),
              launch: (root) => pyrightLaunch(pyright, root, memoryMb, environment),
            })
          : new TypeScriptOracle({
              path: typescriptPath,
              memoryMb,
              clock,
              onHealth,
              onLog: (message) => tracer({ kind: 'log', level: 'warn', message }),
            });
    this.all.set(key, oracle);
    return oracle;
  }
}
