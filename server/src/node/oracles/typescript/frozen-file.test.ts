/** Property: the frozen checker completes as the published language service does, replayed over this repository's own code. */

import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import type { FrozenFile } from './frozen-file.ts';
import { Project } from './project.ts';
import { projectConfigOf } from './project-config.ts';

const root = path.resolve(import.meta.dirname, '../../../../..').replaceAll('\\', '/');
const libFolder = `${root}/node_modules/typescript/lib`;
/** Files with many accesses, of engine and machine; together over 2,000 accesses. */
const folders = ['server/src/engine', 'server/src/node', 'server/src/lsp'];
const nWanted = 2000;
/**
 * The reference makes a new program for every text, so a lot is asked of each: every third name is
 * taken out of the file at once.
 */
const nParts = 3;

/** Member accesses of `text`, by the offset of the name. */
function accessesIn(fileName: string, text: string): number[] {
  const offsets: number[] = [];
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  ts.forEachChild(file, function visit(node) {
    if (ts.isPropertyAccessExpression(node)) offsets.push(node.name.getStart(file));
    ts.forEachChild(node, visit);
  });
  return offsets.sort((a, b) => a - b);
}

/** `text` with the names at `offsets` replaced by probes, as if they were about to be written. */
function withProbes(text: string, offsets: readonly number[]) {
  let probed = '';
  let end = 0;
  const places: number[] = [];
  for (const offset of offsets) {
    probed += text.slice(end, offset);
    places.push(probed.length);
    probed += 'stet$';
    end = offset + (/^#?[\w$]+/.exec(text.slice(offset))?.[0].length ?? 0);
  }
  return { probed: probed + text.slice(end), places };
}

/** What a list says, in an order of its own, or why there is none. */
function listOf(info: ts.CompletionInfo | undefined): string {
  if (!info) return 'none';
  const names = info.entries.map(({ name, kind, insertText = '' }) => `${name} ${kind} ${insertText}`);
  return `${info.isMemberCompletion} ${names.sort().join()}`;
}

/** The published reference over the same files and options; `text` is what the file `about` holds. */
class Reference {
  private readonly service: ts.LanguageService;
  private text = '';
  private version = 0;
  private about = '';

  constructor(options: ts.CompilerOptions, rootNames: readonly string[]) {
    this.service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [...rootNames],
      getScriptVersion: (name) => (name === this.about ? String(this.version) : '0'),
      getScriptSnapshot: (name) => {
        const text = name === this.about ? this.text : ts.sys.readFile(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: (wanted) => `${libFolder}/${ts.getDefaultLibFileName(wanted)}`,
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
    });
  }

  completions(fileName: string, text: string, offset: number): ts.CompletionInfo | undefined {
    this.about = fileName;
    if (text !== this.text) this.version++;
    this.text = text;
    return this.service.getCompletionsAtPosition(fileName, offset, {
      includeCompletionsForModuleExports: false,
      includeCompletionsWithInsertText: true,
    });
  }
}

function filesIn(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.(?:test|d)\.ts$/.test(name))
    .map((name) => `${root}/${folder}/${name.replaceAll('\\', '/')}`)
    .sort();
}

test(`the same lists for ${nWanted} accesses`, { timeout: 600_000 }, () => {
  const files = folders.flatMap(filesIn);
  let nAsked = 0;
  let nMembers = 0;
  const different: string[] = [];
  for (const folder of folders) {
    const own = files.filter((file) => file.startsWith(`${root}/${folder}/`));
    const first = own[0] as string;
    const config = projectConfigOf(first);
    const project = new Project(config, libFolder, () => 0);
    for (const fileName of own)
      project.set({ fileName, version: 1, text: fs.readFileSync(fileName, 'utf8') });
    project.build();
    const reference = new Reference(config.options, [...own, ...config.ambientFiles]);
    for (const fileName of own) {
      const text = fs.readFileSync(fileName, 'utf8');
      const offsets = accessesIn(fileName, text);
      for (let part = 0; part < nParts && nAsked < nWanted; part++) {
        const { probed, places } = withProbes(
          text,
          offsets.filter((_, i) => i % nParts === part),
        );
        const { frozen } = project.file(fileName, probed) as { frozen: FrozenFile };
        for (const place of places) {
          const mine = listOf(frozen.completions(place));
          const published = listOf(reference.completions(fileName, probed, place));
          nAsked++;
          if (mine.startsWith('true')) nMembers++;
          if (mine !== published)
            different.push(`${path.basename(fileName)} ${probed.slice(place - 30, place)}`);
        }
      }
    }
  }
  expect(different).toEqual([]);
  expect(nAsked).toBeGreaterThanOrEqual(nWanted);
  expect(nMembers).toBeGreaterThan(nWanted / 2);
});
