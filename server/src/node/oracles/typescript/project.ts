/** Project: one program over the open files of a tsconfig, and when it is replaced by a new one. */

// Roots are the open files and the project's own ambient declarations, not all that its tsconfig
// lists: what they import comes along, and the first answer in a project of thousands of files comes
// in seconds. A program is frozen between replacements (`frozen-file.ts`).

import ts from 'typescript';
import { FrozenFile } from './frozen-file.ts';
import type { ProgramSourceFile } from './internals.ts';
import type { ProjectConfig } from './project-config.ts';
import { SourceHost } from './source-host.ts';

export interface ProjectDocument {
  /** Absolute, with slashes. */
  readonly fileName: string;
  version: number;
  text: string;
}

/** A text of a file that a program knows, bound and ready to be asked about. */
export interface KnownFile {
  readonly frozen: FrozenFile;
  readonly tree: ProgramSourceFile;
}

/** Versions of files set in one program: each may leave 1.4 MB behind. Idle time replaces it earlier. */
const maxVersions = 200;
const idleVersions = 60;
/** Of what the open files import, the first program reads this much: about a second of two slow cores. */
const maxFirstChars = 1_500_000;

export class Project {
  private readonly host: SourceHost;
  private program: ts.Program | undefined;
  private isPart = false;
  /** No program could be made of the documents as they are. */
  private hasGivenUp = false;
  private readonly frozen = new Map<string, FrozenFile>();
  private readonly documents = new Map<string, ProjectDocument>();
  /** Versions of the open documents that the program was made of. */
  private builtFrom = new Map<string, number>();
  /** The file that is being worked on: it is known as it is now, whatever the program was made of. */
  private focus = '';

  constructor(
    readonly config: ProjectConfig,
    libFolder: string,
    private readonly nowMs: () => number,
  ) {
    this.host = new SourceHost(config.folder, config.options, libFolder, (name) =>
      this.documents.get(this.host.canonical(name)),
    );
  }

  get nDocuments(): number {
    return this.documents.size;
  }

  /** Whether there is a program that leaves out files: what it knows is true, and not all there is. */
  get isPartial(): boolean {
    return this.isPart;
  }

  set(document: ProjectDocument): void {
    this.documents.set(this.host.canonical(document.fileName), document);
    this.focus = document.fileName;
    this.hasGivenUp = false;
  }

  delete(fileName: string): void {
    const name = this.host.canonical(fileName);
    this.documents.delete(name);
    this.frozen.delete(name);
  }

  /**
   * The file with `text`, to be asked about; undefined while there is no program that knows it.
   * Nothing here takes longer than parsing and binding one file.
   */
  file(fileName: string, text: string): KnownFile | undefined {
    const name = this.host.canonical(fileName);
    const frozen = this.frozen.get(name) ?? this.freeze(fileName);
    if (!frozen) return undefined;
    this.frozen.set(name, frozen);
    this.focus = fileName;
    return { frozen, tree: frozen.set(text) };
  }

  /** As `file`, in a tree that stays as it is when `file` is called again. */
  separateFile(fileName: string, text: string): KnownFile | undefined {
    const frozen = this.freeze(fileName);
    return frozen && { frozen, tree: frozen.set(text) };
  }

  /** What the module `specifier` of `fileName` exports, where the program has read it. */
  moduleNamed(specifier: string, fileName: string): ts.Symbol | undefined {
    if (!this.program) return undefined;
    const { resolvedModule } = ts.resolveModuleName(
      specifier,
      fileName,
      this.config.options,
      this.host.compilerHost,
    );
    const file = resolvedModule && this.program.getSourceFile(resolvedModule.resolvedFileName);
    return (file as ProgramSourceFile | undefined)?.symbol;
  }

  /** Whether a module that the program has read exports `name`: an import is then all that is missing. */
  exports(name: string): boolean {
    const key = ts.escapeLeadingUnderscores(name);
    const files = (this.program?.getSourceFiles() ?? []) as readonly ProgramSourceFile[];
    return files.some(({ symbol }) => symbol?.exports?.has(key));
  }

  /** Whether it must be built before `fileName` can be asked about. */
  lacks(fileName: string): boolean {
    return !this.program?.getSourceFile(fileName);
  }

  /** Whether so many texts were set that a new program is due whatever else is going on. */
  get isWornOut(): boolean {
    return this.nVersions >= maxVersions;
  }

  /** Whether a new program would know more, or take less memory. */
  get isWorthBuilding(): boolean {
    if ((this.isPart && !this.hasGivenUp) || this.nVersions >= idleVersions) return true;
    for (const { fileName, version, text } of this.documents.values()) {
      if (this.builtFrom.get(fileName) === version) continue;
      // What a script declares at its top level is global, and globals are merged once per program.
      if (fileName !== this.focus || this.isScript(fileName) || this.hasNewImports(fileName, text))
        return true;
    }
    return false;
  }

  /**
   * Makes a new program of what the documents and the disk hold now: 50 ms, or seconds the first time.
   * Where there is much to read, the first one has only what is near, and the second one all of it.
   */
  build(): void {
    const documents = [...this.documents.values()];
    this.host.refresh(this.nowMs());
    const names = documents.map(({ fileName }) => fileName);
    const rootNames = [...names, ...this.config.ambientFiles];
    const oldProgram = this.isPart ? undefined : this.program; // what it did not find, a new one would not look for
    if (this.program) this.host.keepAll();
    const isPart = !this.program && this.host.keepNearest(names, maxFirstChars);
    this.program = ts.createProgram({
      rootNames,
      options: this.config.options,
      host: this.host.compilerHost,
      ...(oldProgram && { oldProgram }),
    });
    this.isPart = isPart;
    this.frozen.clear();
    this.builtFrom = new Map(documents.map(({ fileName, version }) => [fileName, version]));
    this.program.getTypeChecker(); // merges what is global now, not under the first question
  }

  /** What the documents hold now cannot be built: the program before it answers until they are changed. */
  giveUp(): void {
    this.hasGivenUp = true;
    this.frozen.clear();
    this.builtFrom = new Map(
      [...this.documents.values()].map(({ fileName, version }) => [fileName, version]),
    );
  }

  private get nVersions(): number {
    return [...this.frozen.values()].reduce((sum, file) => sum + file.nVersions, 0);
  }

  private freeze(fileName: string): FrozenFile | undefined {
    const original = this.program?.getSourceFile(fileName) as ProgramSourceFile | undefined;
    return this.program && original && new FrozenFile(this.program, original, this.host.serviceHost);
  }

  private isScript(fileName: string): boolean {
    const known = this.program?.getSourceFile(fileName) as ProgramSourceFile | undefined;
    return known !== undefined && !known.externalModuleIndicator;
  }

  private hasNewImports(fileName: string, text: string): boolean {
    const known = this.program?.getSourceFile(fileName) as ProgramSourceFile | undefined;
    if (!known) return true;
    const names = new Set(known.imports?.map((one) => one.text));
    return ts.preProcessFile(text, true, true).importedFiles.some((one) => !names.has(one.fileName));
  }
}
