/** internals: the parts of TypeScript that its public types leave out, typed for exactly the bundled version. */

// The frozen checker asks a checker about a tree that its program does not know. No public interface
// does that, so these names may move with any release: the version is pinned, and the property test
// beside `frozen-file.ts` replays real accesses against the public language service.

import ts from 'typescript';

/** Fields of a source file that the program sets after parsing, and that binder and checker read. */
export interface ProgramSourceFile extends ts.SourceFile {
  readonly path: string;
  readonly imports?: readonly ts.StringLiteralLike[];
  readonly symbol?: ts.Symbol;
  readonly locals?: ts.SymbolTable;
  readonly externalModuleIndicator?: unknown;
  readonly setExternalModuleIndicator?: (file: ts.SourceFile) => void;
  readonly jsDocParsingMode?: ts.JSDocParsingMode;
  readonly scriptKind: ts.ScriptKind;
}

/** As the public type says, with the symbol where it was asked for. */
export type EntryWithSymbol = ts.CompletionEntry & { readonly symbol?: ts.Symbol };

interface Internals {
  updateSourceFile(
    file: ts.SourceFile,
    text: string,
    change: ts.TextChangeRange,
    aggressiveChecks: boolean,
  ): ProgramSourceFile;
  bindSourceFile(file: ts.SourceFile, options: ts.CompilerOptions): void;
  getTokenAtPosition(file: ts.SourceFile, position: number): ts.Node;
  findPrecedingToken(position: number, file: ts.SourceFile): ts.Node | undefined;
  readonly Completions: {
    getCompletionsAtPosition(
      host: ts.LanguageServiceHost,
      program: ts.Program,
      log: (text: string) => void,
      file: ts.SourceFile,
      position: number,
      preferences: ts.UserPreferences,
      triggerCharacter: undefined,
      completionKind: undefined,
      cancellation: unknown,
      format: undefined,
      includeSymbol: boolean,
    ): ts.CompletionInfo | undefined;
  };
  readonly codefix: {
    getFixes(context: {
      readonly sourceFile: ts.SourceFile;
      readonly program: ts.Program;
      readonly host: ts.LanguageServiceHost;
      readonly cancellationToken: unknown;
      readonly formatContext: unknown;
      readonly preferences: ts.UserPreferences;
      readonly errorCode: number;
      readonly span: ts.TextSpan;
    }): readonly ts.CodeFixAction[];
  };
  readonly formatting: {
    getFormatContext(options: ts.FormatCodeSettings, host: ts.LanguageServiceHost): unknown;
  };
  readonly SignatureHelp: {
    getSignatureHelpItems(
      program: ts.Program,
      file: ts.SourceFile,
      position: number,
      reason: undefined,
      cancellation: unknown,
    ): ts.SignatureHelpItems | undefined;
  };
}

/** Of the checker: what its declaration file leaves out. */
export interface CheckerInternals extends ts.TypeChecker {
  /** `nodesToCheck`: only these and what they hold, which is far less than the whole file. */
  getDiagnostics(
    file: ts.SourceFile,
    cancellation: undefined,
    nodesToCheck?: readonly ts.Node[],
  ): ts.Diagnostic[];
}

/** The compiler with its internal names. */
export const internals = ts as unknown as Internals;

/** A cancellation token that never cancels: a query is short, and what is late is thrown away. */
export const neverCancelled = {
  isCancellationRequested: () => false,
  throwIfCancellationRequested: () => {},
};
