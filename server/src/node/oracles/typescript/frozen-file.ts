/** FrozenFile: asks a program's checker about a text of one file that the program does not know yet. */

// A language service builds a new program and a new checker after every edit, which costs 12 ms on a
// small project and 60 ms on one of 4,000 files. Here the program and its checker stay as they are:
// only the one file is parsed (incrementally) and bound anew, and the old checker is asked about the
// new tree, 2 to 10 ms whatever the project's size. What is asked about stands inside this file, so
// the answers are the language service's; new imports and edits of other files need a new program.
// Each version leaves some 1.4 MB behind in the checker, so programs are replaced (`project.ts`).

import ts from 'typescript';
import { StringEdit } from '../../../engine/text/edit.ts';
import { type CheckerInternals, internals, neverCancelled, type ProgramSourceFile } from './internals.ts';

/** What the program knows of a file beyond its text. */
const programFields = [
  'version',
  'path',
  'resolvedPath',
  'originalFileName',
  'impliedNodeFormat',
  'packageJsonLocations',
  'packageJsonScope',
  'setExternalModuleIndicator',
  'scriptSnapshot',
  'imports',
  'moduleAugmentations',
  'ambientModuleNames',
] as const;

const preferences: ts.UserPreferences = {
  includeCompletionsForModuleExports: false,
  includeCompletionsWithInsertText: true,
};

export class FrozenFile {
  readonly checker: CheckerInternals;
  /** How many texts were set: each leaves memory behind in the checker. */
  nVersions = 0;
  private current: ProgramSourceFile;
  private text: string;
  private readonly overlaid: ts.Program;

  /** `original` is the file as `program` holds it. */
  constructor(
    private readonly program: ts.Program,
    private readonly original: ProgramSourceFile,
    private readonly host: ts.LanguageServiceHost,
  ) {
    this.checker = program.getTypeChecker() as CheckerInternals;
    const { fileName, text, scriptKind } = original;
    // A tree of our own: reparsing takes nodes over from the old tree, and the program keeps its own.
    this.current = ts.createSourceFile(
      fileName,
      text,
      {
        languageVersion: original.languageVersion,
        ...(original.impliedNodeFormat && { impliedNodeFormat: original.impliedNodeFormat }),
        ...(original.setExternalModuleIndicator && {
          setExternalModuleIndicator: original.setExternalModuleIndicator,
        }),
        ...(original.jsDocParsingMode !== undefined && { jsDocParsingMode: original.jsDocParsingMode }),
      },
      true,
      scriptKind,
    ) as ProgramSourceFile;
    this.text = text;
    this.adopt(this.current);
    this.overlaid = this.overlay();
  }

  /** The tree of `text`; valid until the next call. */
  set(text: string): ProgramSourceFile {
    const edit = StringEdit.between(this.text, text);
    if (!edit && this.nVersions > 0) return this.current;
    if (!edit) return this.bind(this.current, text);
    const { start, length } = edit.range;
    const change = { span: { start, length }, newLength: edit.text.length };
    return this.bind(internals.updateSourceFile(this.current, text, change, false), text);
  }

  /** As the language service would complete at `position` of the text that was set. */
  completions(position: number): ts.CompletionInfo | undefined {
    return internals.Completions.getCompletionsAtPosition(
      this.host,
      this.overlaid,
      () => {},
      this.current,
      position,
      preferences,
      undefined,
      undefined,
      neverCancelled,
      undefined,
      true,
    );
  }

  /** The call around `position` of the text that was set. */
  signatures(position: number): ts.SignatureHelpItems | undefined {
    return internals.SignatureHelp.getSignatureHelpItems(
      this.overlaid,
      this.current,
      position,
      undefined,
      neverCancelled,
    );
  }

  /**
   * Errors of the text that was set; of `nodes` alone when given. Nothing of syntax.
   */
  errors(nodes?: readonly ts.Node[]): ts.Diagnostic[] {
    const file = this.current;
    return this.checker
      .getDiagnostics(file, undefined, nodes)
      .filter((one) => one.file === file && one.category === ts.DiagnosticCategory.Error);
  }

  /** Every way to import the name that an error of the text that was set stands at. */
  importFixes({ code, start = 0, length = 0 }: ts.Diagnostic): readonly ts.CodeFixAction[] {
    const newLine = this.text.includes('\r\n') ? '\r\n' : '\n';
    const fixes = internals.codefix.getFixes({
      sourceFile: this.current,
      program: this.overlaid,
      host: this.host,
      cancellationToken: neverCancelled,
      formatContext: internals.formatting.getFormatContext(
        ts.getDefaultFormatCodeSettings(newLine),
        this.host,
      ),
      preferences: {},
      errorCode: code,
      span: { start, length },
    });
    return fixes.filter(({ fixName }) => fixName === 'import');
  }

  private bind(file: ProgramSourceFile, text: string): ProgramSourceFile {
    this.nVersions++;
    resetIds(file); // else the checker would answer from what it knows of the nodes' former selves
    this.adopt(file);
    internals.bindSourceFile(file, this.program.getCompilerOptions());
    this.current = file;
    this.text = text;
    return file;
  }

  private adopt(file: ProgramSourceFile): void {
    const from = this.original as unknown as Record<string, unknown>;
    const to = file as unknown as Record<string, unknown>;
    for (const field of programFields) if (from[field] !== undefined) to[field] = from[field];
    // The checker keeps its list of errors by file name and without doubles: each version needs its own.
    to.fileName = versionName(this.original.fileName, this.nVersions);
  }

  /** The program, with the current tree in place of the original. */
  private overlay(): ts.Program {
    const { fileName, path } = this.original;
    return new Proxy(this.program, {
      get: (program, key) => {
        if (key === 'getSourceFile')
          return (name: string) =>
            name === fileName || name === this.current.fileName ? this.current : program.getSourceFile(name);
        if (key === 'getSourceFileByPath')
          return (name: ts.Path) => (name === path ? this.current : program.getSourceFileByPath(name));
        return program[key as keyof ts.Program];
      },
    });
  }
}

/** A file name that does not exist, in the same folder and with the same extension. */
function versionName(fileName: string, version: number): string {
  const slash = fileName.lastIndexOf('/') + 1;
  return `${fileName.slice(0, slash)}~${version}~${fileName.slice(slash)}`;
}

function resetIds(node: ts.Node): void {
  (node as { id?: number }).id = 0;
  ts.forEachChild(node, resetIds);
}
