/** Sources: what a benchmark plays: the bundled typing sessions, the current file, or the workspace. */

import { type ExtensionContext, type TextDocument, Uri, window, workspace } from 'vscode';
import { parseSession, type SessionEvent } from '../../../protocol/session.ts';
import { sessionOfFile } from './file-session.ts';

export type SourceKind = 'sessions' | 'file' | 'workspace' | 'recorded';

export interface Source {
  /** For the report: `bundled typing sessions`, a file's name. */
  readonly name: string;
  readonly sessions: readonly (readonly SessionEvent[])[];
  /** How many questions are asked under each setting, unless somebody says otherwise. */
  readonly nQuestion: number;
}

const nQuestion = 72;
/** A recorded session is played to its end where it is not longer than this in each round. */
const nQuestionRecorded = 180;

const nPlacesInFile = 8;
const nPlacesPerWorkspaceFile = 3;
const nWorkspaceFiles = 6;
/** A longer file takes long to open and tells no more. */
const maxFileBytes = 200_000;
const sourceFiles = '**/*.{ts,tsx,js,jsx,mjs,py,rs,go,java,kt,c,h,cc,cpp,cs,rb,php,swift,scala}';
const notSources = '**/{node_modules,dist,build,out,target,vendor,.git,.venv,venv}/**';

/** Rejects with an Error that says what is missing. */
export async function sourceOf(kind: SourceKind, context: ExtensionContext): Promise<Source> {
  if (kind === 'sessions')
    return { name: 'bundled typing sessions', sessions: await bundled(context), nQuestion };
  if (kind === 'file') return currentFile();
  if (kind === 'workspace') return wholeWorkspace();
  return recorded();
}

async function bundled({ extensionUri }: ExtensionContext): Promise<SessionEvent[][]> {
  const folder = Uri.joinPath(extensionUri, 'dist', 'sessions');
  const names = (await workspace.fs.readDirectory(folder)).map(([name]) => name).sort();
  return Promise.all(names.map((name) => readSession(Uri.joinPath(folder, name))));
}

async function readSession(uri: Uri): Promise<SessionEvent[]> {
  return parseSession(new TextDecoder().decode(await workspace.fs.readFile(uri)));
}

function currentFile(): Source {
  const document = window.activeTextEditor?.document;
  if (!document) throw new Error('Open a file first.');
  const session = sessionOf(document, nPlacesInFile);
  if (session.length < 2) throw new Error('The file is too short to measure with.');
  return { name: workspace.asRelativePath(document.uri), sessions: [session], nQuestion };
}

async function wholeWorkspace(): Promise<Source> {
  const files = await workspace.findFiles(sourceFiles, notSources, 40 * nWorkspaceFiles);
  const sorted = files.sort((a, b) => a.path.localeCompare(b.path));
  const step = Math.max(1, Math.floor(sorted.length / nWorkspaceFiles));
  const sessions: SessionEvent[][] = [];
  for (let i = 0; i < sorted.length && sessions.length < nWorkspaceFiles; i += step) {
    const uri = sorted[i] as Uri;
    if ((await workspace.fs.stat(uri)).size > maxFileBytes) continue;
    const session = sessionOf(await workspace.openTextDocument(uri), nPlacesPerWorkspaceFile);
    if (session.length > 1) sessions.push(session);
  }
  if (sessions.length === 0) throw new Error('The workspace has no source file to measure with.');
  return { name: `${sessions.length} files of the workspace`, sessions, nQuestion };
}

function sessionOf(document: TextDocument, nPlace: number): SessionEvent[] {
  const name = workspace.asRelativePath(document.uri);
  return sessionOfFile({ name, languageId: document.languageId, text: document.getText() }, nPlace);
}

async function recorded(): Promise<Source> {
  const [uri] =
    (await window.showOpenDialog({
      title: 'A recorded typing session',
      filters: { 'JSON lines': ['jsonl'] },
    })) ?? [];
  if (!uri) return { name: '', sessions: [], nQuestion: 0 };
  const session = await readSession(uri);
  return {
    name: `recorded session ${uri.path.split('/').at(-1)}`,
    sessions: [session],
    nQuestion: nQuestionRecorded,
  };
}
