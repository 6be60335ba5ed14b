/** SourceHost: how the compiler sees the disk: cached, bounded, with open documents in place of files. */

// Without caches a new program asks the disk some thousands of questions, which triples its time.

import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { filesBehind } from './nearest.ts';

/** Files over this are taken for absent; generated declarations may well have 2 MB. */
const maxFileBytes = 4_000_000;
/** Of all files that one project reads. A program takes some ten times its sources' size in memory. */
const maxProjectBytes = 80_000_000;
/** Answers about the disk are believed this long. */
const trustMs = 5_000;

export interface OpenDocument {
  readonly version: number;
  readonly text: string;
}

interface CachedFile {
  readonly version: string;
  readonly file: ts.SourceFile;
  readonly sizeBytes: number;
}

/** One per project. */
export class SourceHost {
  private readonly files = new Map<string, CachedFile | undefined>();
  private readonly exists = new Map<string, boolean>();
  private readonly folders = new Map<string, boolean>();
  private readonly isCaseSensitive = ts.sys.useCaseSensitiveFileNames;
  private behind: ReadonlySet<string> = new Set();
  private nBytes = 0;
  private trustedUntilMs = 0;

  constructor(
    readonly folder: string,
    private readonly options: ts.CompilerOptions,
    /** With a slash at its end or not; holds lib.*.d.ts. */
    private readonly libFolder: string,
    private readonly openDocument: (fileName: string) => OpenDocument | undefined,
  ) {}

  /** What `ts.createProgram` needs. */
  readonly compilerHost: ts.CompilerHost = {
    getSourceFile: (fileName, languageVersion) => this.sourceFile(fileName, languageVersion),
    getDefaultLibFileName: (options) => path.posix.join(this.libFolder, ts.getDefaultLibFileName(options)),
    getDefaultLibLocation: () => this.libFolder,
    getCurrentDirectory: () => this.folder,
    getCanonicalFileName: (name) => this.canonical(name),
    useCaseSensitiveFileNames: () => this.isCaseSensitive,
    getNewLine: () => '\n',
    fileExists: (name) => this.fileExists(name),
    directoryExists: (name) => this.folderExists(name),
    getDirectories: (name) => ts.sys.getDirectories(name),
    readFile: (name) => (this.isReadable(name) ? ts.sys.readFile(name) : undefined),
    realpath: (name) => ts.sys.realpath?.(name) ?? name,
    writeFile: () => {},
    // Of the comments, only what types depend on.
    jsDocParsingMode: ts.JSDocParsingMode.ParseForTypeErrors,
  };

  /** What completions need beside a program: to read folders, for the paths of imports. */
  readonly serviceHost: ts.LanguageServiceHost = {
    getCompilationSettings: () => this.options,
    getScriptFileNames: () => [],
    getScriptVersion: () => '',
    getScriptSnapshot: () => undefined,
    getCurrentDirectory: () => this.folder,
    getDefaultLibFileName: (options) => path.posix.join(this.libFolder, ts.getDefaultLibFileName(options)),
    fileExists: (name) => this.fileExists(name),
    readFile: (name) => (this.isReadable(name) ? ts.sys.readFile(name) : undefined),
    readDirectory: (...parameters) => ts.sys.readDirectory(...parameters),
    directoryExists: (name) => this.folderExists(name),
    getDirectories: (name) => ts.sys.getDirectories(name),
  };

  /** Before a new program: what was believed too long is asked again. */
  refresh(nowMs: number): void {
    if (nowMs < this.trustedUntilMs) return;
    this.trustedUntilMs = nowMs + trustMs;
    this.exists.clear();
    this.folders.clear();
    for (const [name, cached] of this.files) {
      if (cached && (name.includes('/node_modules/') || this.openDocument(name))) continue;
      if (diskVersion(name)?.version !== cached?.version) this.forget(name);
    }
  }

  /** Takes what there is no room for among the nearest files for absent; whether that is anything. */
  keepNearest(roots: readonly string[], maxChars: number): boolean {
    const { compilerHost } = this;
    const readFile = (name: string) => this.openDocument(name)?.text ?? compilerHost.readFile(name);
    this.behind = filesBehind(roots, { ...compilerHost, readFile }, this.options, maxChars);
    return this.behind.size > 0;
  }

  /** Takes nothing for absent any more. */
  keepAll(): void {
    this.behind = new Set();
  }

  canonical = (name: string): string => (this.isCaseSensitive ? name : name.toLowerCase());

  private sourceFile(
    fileName: string,
    languageVersion: ts.ScriptTarget | ts.CreateSourceFileOptions,
  ): ts.SourceFile | undefined {
    const known = this.files.get(fileName);
    const open = this.openDocument(fileName);
    if (open) {
      const version = `open ${open.version}`;
      if (known?.version === version && known.file.text === open.text) return known.file;
      return this.remember(fileName, version, open.text, languageVersion);
    }
    if (known && !known.version.startsWith('open ')) return known.file;
    if (this.behind.has(fileName)) return undefined;
    const disk = diskVersion(fileName);
    if (!disk || this.nBytes + disk.sizeBytes > maxProjectBytes) return undefined;
    const text = ts.sys.readFile(fileName);
    return text === undefined ? undefined : this.remember(fileName, disk.version, text, languageVersion);
  }

  private remember(
    fileName: string,
    version: string,
    text: string,
    languageVersion: ts.ScriptTarget | ts.CreateSourceFileOptions,
  ): ts.SourceFile {
    const parsing =
      typeof languageVersion === 'object' ? languageVersion : { languageVersion: languageVersion };
    const file = ts.createSourceFile(fileName, text, parsing, false, scriptKindOf(fileName));
    (file as unknown as { version: string }).version = version;
    this.forget(fileName);
    this.files.set(fileName, { version, file, sizeBytes: text.length });
    this.nBytes += text.length;
    return file;
  }

  private forget(fileName: string): void {
    this.nBytes -= this.files.get(fileName)?.sizeBytes ?? 0;
    this.files.delete(fileName);
  }

  private fileExists(name: string): boolean {
    let exists = this.exists.get(name);
    if (exists === undefined) {
      exists = this.openDocument(name) !== undefined || ts.sys.fileExists(name);
      this.exists.set(name, exists);
    }
    return exists;
  }

  private folderExists(name: string): boolean {
    let exists = this.folders.get(name);
    if (exists === undefined) {
      exists = ts.sys.directoryExists(name);
      this.folders.set(name, exists);
    }
    return exists;
  }

  private isReadable(name: string): boolean {
    return diskVersion(name) !== undefined;
  }
}

/** Undefined: absent, not a file, or too large. */
function diskVersion(name: string): { version: string; sizeBytes: number } | undefined {
  const stat = fs.statSync(name, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > maxFileBytes) return undefined;
  return { version: `${stat.mtimeMs} ${stat.size}`, sizeBytes: stat.size };
}

const scriptKinds: Readonly<Record<string, ts.ScriptKind>> = {
  '.ts': ts.ScriptKind.TS,
  '.mts': ts.ScriptKind.TS,
  '.cts': ts.ScriptKind.TS,
  '.tsx': ts.ScriptKind.TSX,
  '.js': ts.ScriptKind.JS,
  '.mjs': ts.ScriptKind.JS,
  '.cjs': ts.ScriptKind.JS,
  '.jsx': ts.ScriptKind.JSX,
  '.json': ts.ScriptKind.JSON,
};

function scriptKindOf(fileName: string): ts.ScriptKind {
  return scriptKinds[path.posix.extname(fileName).toLowerCase()] ?? ts.ScriptKind.TS;
}
