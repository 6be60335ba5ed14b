/** TypeScriptService: documents, their projects, and when programs are made; inside the TypeScript process. */

// Everything here is synchronous and blocks the process, which is why it is a process of its own.
// Questions go before building: a program is replaced while nobody asks.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Diagnostic, SymbolSet } from '../../../engine/decoding/constraints/symbol-oracle.ts';
import { allErrors, errorsIn } from './errors.ts';
import { missingImports } from './imports.ts';
import { Project, type ProjectDocument } from './project.ts';
import { projectConfigOf } from './project-config.ts';
import { symbolsAt } from './symbols.ts';
import type { DiagnosticsParams, EditParams, ImportsParams, SymbolsParams, TextChange } from './wire.ts';

export interface ServiceOptions {
  readonly libFolder: string;
  readonly nowMs: () => number;
  /** A question about this document has been answered, so the next ones are quick. */
  readonly onWarm: (uri: string, isPartial: boolean) => void;
  /** A question about this document would be late for some seconds. */
  readonly onCold: (uri: string) => void;
  readonly onLog: (message: string) => void;
}

interface OpenedDocument extends ProjectDocument {
  readonly uri: string;
  readonly languageId: string;
  readonly project: Project;
  isWarm: boolean;
}

/** No question and no edit for this long is idle: a suggestion asks all its questions within less. */
const idleMs = 700;
/** From saying that there will be no answers until there are none: what was said is on its way by then. */
const farewellMs = 20;
/** Projects whose programs are held; the one used longest ago goes. */
const maxProjects = 4;

export class TypeScriptService {
  private readonly documents = new Map<string, OpenedDocument>();
  /** By tsconfig, or by folder where there is none; the one touched last comes last. */
  private projects = new Map<string, Project>();
  private idle: NodeJS.Timeout | undefined;

  constructor(private readonly options: ServiceOptions) {}

  edit({ uri, languageId, version, change }: EditParams): void {
    const document = this.documents.get(uri);
    if (!change) {
      this.close(uri);
    } else if (document && document.languageId === languageId) {
      document.text = applied(change, document.text);
      document.version = version;
      document.project.set(document);
    } else {
      this.close(uri);
      this.open(uri, languageId, version, change.text);
    }
    this.whenIdle();
  }

  /** Undefined: not known, or not yet. */
  symbols({ uri, kind, offset, change }: SymbolsParams): SymbolSet | undefined {
    const document = this.warmDocument(uri);
    if (!document) return undefined;
    const { project, fileName, languageId } = document;
    const text = applied(change, document.text);
    const set = symbolsAt(project, fileName, { kind, uri, languageId, text, offset });
    // What is behind a file that was left out may have more members.
    return set && project.isPartial ? { ...set, isClosed: false } : set;
  }

  /** Undefined: not known, or not yet. `isStale` ends a long answer early. */
  async diagnostics(
    { uri, change, start, endExclusive }: DiagnosticsParams,
    isStale: () => boolean,
  ): Promise<readonly Diagnostic[] | undefined> {
    const document = this.warmDocument(uri);
    if (!document) return undefined;
    const { project, fileName } = document;
    if (project.isPartial) return undefined; // what was left out would count as an error
    const text = applied(change, document.text);
    const isWhole = start <= 0 && endExclusive >= text.length;
    if (!isWhole) return errorsIn(project, fileName, { text, start, endExclusive });
    const errors = allErrors(project, fileName, text);
    for (;;) {
      const step = errors.next();
      if (step.done) return step.value;
      await new Promise((resolve) => setImmediate(resolve)); // lets questions in between
      if (isStale()) return undefined;
    }
  }

  /** Undefined: not known, or not yet. */
  imports({ uri, change, start, endExclusive }: ImportsParams): TextChange[] | undefined {
    const document = this.warmDocument(uri);
    // Where files are left out, another module may export the same name.
    if (!document || document.project.isPartial) return undefined;
    const text = applied(change, document.text);
    return missingImports(document.project, document.fileName, { text, start, endExclusive });
  }

  private open(uri: string, languageId: string, version: number, text: string): void {
    const fileName = fileNameOf(uri, languageId);
    const project = this.projectOf(fileName);
    const document = { uri, languageId, fileName, version, text, project, isWarm: false };
    this.documents.set(uri, document);
    project.set(document);
    if (!project.lacks(fileName)) this.warm(document);
  }

  private close(uri: string): void {
    const document = this.documents.get(uri);
    this.documents.delete(uri);
    document?.project.delete(document.fileName);
  }

  private projectOf(fileName: string): Project {
    const config = projectConfigOf(fileName);
    const key = config.configFile ?? config.folder;
    const project = this.projects.get(key) ?? new Project(config, this.options.libFolder, this.options.nowMs);
    this.projects.delete(key);
    this.projects.set(key, project);
    for (const [name, other] of this.projects) {
      if (this.projects.size <= maxProjects) break;
      if (other.nDocuments === 0) this.projects.delete(name);
    }
    return project;
  }

  /** The document, when its project can answer for it at once; asking is also what puts building off. */
  private warmDocument(uri: string): OpenedDocument | undefined {
    const document = this.documents.get(uri);
    this.whenIdle();
    return document?.isWarm ? document : undefined;
  }

  private whenIdle(): void {
    clearTimeout(this.idle);
    const isUrgent = [...this.documents.values()].some(({ isWarm, project }) => !isWarm || project.isWornOut);
    this.idle = setTimeout(() => this.work(), isUrgent ? 0 : idleMs);
  }

  /** Builds the first program that wants it; called again as long as there is one. */
  private work(): void {
    const documents = [...this.documents.values()].reverse();
    const cold = documents.find(({ isWarm }) => !isWarm);
    const project = cold?.project ?? documents.find((one) => one.project.isWorthBuilding)?.project;
    if (!project) return;
    if (!cold && project.isPartial) {
      for (const document of documents) if (document.project === project) this.cool(document);
      this.idle = setTimeout(() => this.work(), farewellMs);
      return;
    }
    try {
      if (!cold || project.lacks(cold.fileName) || project.isWorthBuilding) project.build();
      for (const document of documents) if (document.project === project) this.warm(document);
    } catch (error) {
      this.options.onLog(
        `TypeScript gave up on ${project.config.folder}: ${(error as Error).stack ?? error}`,
      );
      // The documents stay: the edits to come are edits of their texts.
      project.giveUp();
      for (const document of documents) if (document.project === project) document.isWarm = true;
    }
    if (documents.some((one) => !one.isWarm || one.project.isWorthBuilding)) this.whenIdle();
  }

  /** All of a large project is about to be read, and nobody shall wait for that. */
  private cool(document: OpenedDocument): void {
    document.isWarm = false;
    this.options.onCold(document.uri);
  }

  /** Asks one question, so that what the checker does once is done. */
  private warm(document: OpenedDocument): void {
    const { project, fileName, uri, languageId, text } = document;
    if (!project.lacks(fileName)) {
      const offset = text.search(/[\w)\]]\.[A-Za-z_$]/) + 2;
      const kind = offset > 1 ? 'member' : 'identifier';
      symbolsAt(project, fileName, { kind, uri, languageId, text, offset: Math.max(0, offset) });
    }
    document.isWarm = true; // also where the program would not take it: then every answer is undefined
    this.options.onWarm(uri, project.isPartial);
  }
}

function applied({ start, endExclusive, text }: TextChange, to: string): string {
  return to.slice(0, start) + text + to.slice(endExclusive);
}

const extensions: Readonly<Record<string, string>> = {
  typescript: '.ts',
  typescriptreact: '.tsx',
  javascript: '.js',
  javascriptreact: '.jsx',
};

/** The name that the compiler knows a document by: absolute, with slashes, with an extension that it reads. */
function fileNameOf(uri: string, languageId: string): string {
  let name: string;
  try {
    name = uri.startsWith('file:') ? fileURLToPath(uri).replaceAll('\\', '/') : '';
  } catch {
    name = ''; // a host or an escape that this system does not take
  }
  if (name === '') name = `/untitled/${encodeURIComponent(uri)}`;
  const isScript = /^\.[cm]?[jt]sx?$/.test(path.posix.extname(name));
  return isScript ? name : name + (extensions[languageId] ?? '.ts');
}
