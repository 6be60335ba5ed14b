/** projectConfigOf: which tsconfig a file belongs to, and the compiler options that follow from it. */

// The project is read as its own compiler would read it: the bundled one is version 6, whose defaults
// differ from those of 5. Nothing of the project is executed: plugins are never loaded.

import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export interface ProjectConfig {
  /** The tsconfig's path; undefined: there is none, and the options are those of an editor. */
  readonly configFile: string | undefined;
  readonly folder: string;
  readonly options: ts.CompilerOptions;
  /** Declaration files that the project includes without any import of them. */
  readonly ambientFiles: readonly string[];
}

/** More ambient files than this are hardly written by hand. */
const maxAmbientFiles = 300;
/** Folders looked at upwards from the file. */
const maxDepth = 40;
/** Configurations looked at through `references` of one that includes nothing itself. */
const maxReferences = 30;

const editorOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.Preserve,
  allowJs: true,
  allowImportingTsExtensions: true,
  esModuleInterop: true,
  strictNullChecks: true,
  strictFunctionTypes: true,
  maxNodeModuleJsDepth: 0,
  types: ['*'],
};

/** Whatever the project says: nothing is ever written, and JavaScript files are read where they are open. */
const forced: ts.CompilerOptions = {
  noEmit: true,
  composite: false,
  incremental: false,
  allowJs: true,
  skipLibCheck: true,
  declaration: false,
  sourceMap: false,
};

/** The project of `fileName` (absolute, with slashes); never throws. */
export function projectConfigOf(fileName: string): ProjectConfig {
  const folder = path.posix.dirname(fileName);
  const configFile = nearestConfig(folder);
  const config = configFile === undefined ? undefined : readConfig(configFile, fileName);
  return (
    config ?? { configFile: undefined, folder, options: { ...editorOptions, ...forced }, ambientFiles: [] }
  );
}

function nearestConfig(folder: string): string | undefined {
  let current = folder;
  for (let depth = 0; depth < maxDepth; depth++) {
    for (const name of ['tsconfig.json', 'jsconfig.json']) {
      const candidate = path.posix.join(current, name);
      if (fs.statSync(candidate, { throwIfNoEntry: false })?.isFile()) return candidate;
    }
    const parent = path.posix.dirname(current);
    if (parent === current) return undefined;
    current = parent;
  }
  return undefined;
}

/** A configuration that only refers to others stands for the one of them that includes the file. */
function readConfig(configFile: string, fileName: string): ProjectConfig | undefined {
  const own = parse(configFile);
  if (!own) return undefined;
  let chosen = { configFile, parsed: own };
  const references = own.projectReferences ?? [];
  if (!own.fileNames.includes(fileName)) {
    for (const reference of references.slice(0, maxReferences)) {
      const referenced = ts.resolveProjectReferencePath(reference).replaceAll('\\', '/');
      const parsed = parse(referenced);
      if (!parsed?.fileNames.includes(fileName)) continue;
      chosen = { configFile: referenced, parsed };
      break;
    }
  }
  const ambientFiles = chosen.parsed.fileNames.filter(
    (name) => /\.d\.[cm]?ts$/.test(name) && !name.includes('/node_modules/'),
  );
  const folder = path.posix.dirname(chosen.configFile);
  return {
    configFile: chosen.configFile,
    folder,
    options: { ...asItsCompilerReads(chosen.parsed, folder), ...forced },
    ambientFiles: ambientFiles.slice(0, maxAmbientFiles),
  };
}

function parse(configFile: string): ts.ParsedCommandLine | undefined {
  try {
    return ts.getParsedCommandLineOfConfigFile(configFile, undefined, {
      useCaseSensitiveFileNames: ts.sys.useCaseSensitiveFileNames,
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      readDirectory: ts.sys.readDirectory,
      getCurrentDirectory: () => path.posix.dirname(configFile),
      onUnRecoverableConfigFileDiagnostic: () => {},
    });
  } catch {
    return undefined; // a configuration that the compiler chokes on counts as none
  }
}

/** Version 6 checks strictly and reads no ambient types unless told; version 5 did the opposite. */
function asItsCompilerReads({ options }: ts.ParsedCommandLine, folder: string): ts.CompilerOptions {
  const isOlder = majorVersionIn(folder) < 6;
  return {
    ...options,
    ...(options.types === undefined && isOlder && { types: ['*'] }),
    ...(options.strict === undefined && isOlder && { strict: false }),
    ...(options.esModuleInterop === undefined && isOlder && { esModuleInterop: true }),
  };
}

/** Of the compiler that is installed for the project; 5 where there is none. */
function majorVersionIn(folder: string): number {
  let current = folder;
  for (let depth = 0; depth < maxDepth; depth++) {
    const manifest = ts.sys.readFile(path.posix.join(current, 'node_modules/typescript/package.json'));
    if (manifest !== undefined) return Number(/"version":\s*"(\d+)/.exec(manifest)?.[1] ?? 5);
    const parent = path.posix.dirname(current);
    if (parent === current) break;
    current = parent;
  }
  return 5;
}
