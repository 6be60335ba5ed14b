/** openLocalIndex: joins store, files, chunker, encoder and indexer into the index of one workspace, in this process. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Tracer } from '../../engine/base/ports.ts';
import type { SearchRoot, SearchSettings } from '../../engine/search/code-search.ts';
import { embedChunk } from '../../engine/search/embed-chunk.ts';
import type { Encoder } from '../../engine/search/encoder.ts';
import { Indexer, type IndexProgress } from '../../engine/search/indexer.ts';
import type { IndexedChunk, SearchStore } from '../../engine/search/store.ts';
import type { Chunk } from '../../engine/syntax/chunk.ts';
import { chunkText, maxTreeLength } from '../../engine/syntax/chunker.ts';
import type { Parsers } from '../../engine/syntax/parsers.ts';
import { systemClock } from '../clock.ts';
import { userIndexFolder } from '../places.ts';
import { SqliteStore } from './sqlite-store.ts';
import { WorkspaceFiles } from './workspace-files.ts';

export interface LocalIndexParts {
  readonly roots: readonly SearchRoot[];
  readonly settings: SearchSettings;
  readonly encoder: Encoder | undefined;
  readonly parsers: Parsers | undefined;
  readonly tracer: Tracer;
  readonly onProgress: (progress: IndexProgress) => void;
}

export interface LocalIndex {
  readonly store: SearchStore;
  readonly indexer: Indexer;
  close(): Promise<void>;
}

/** Grows when chunks, their words or what is stored of them change, so that old indexes are built anew. */
const contentVersion = 1;

/** Without an encoder no vector is stored, but the table has a width. */
const dimsWithoutEncoder = 256;

/** The folder of the index of these roots. */
export function indexFolderOf(roots: readonly SearchRoot[], settings: SearchSettings): string {
  const paths = roots.map(({ path }) => path).sort();
  const name = (roots[0]?.name ?? '').replace(/[^\w.-]+/g, '-').slice(0, 40);
  const hash = createHash('sha256').update(JSON.stringify(paths)).digest('hex').slice(0, 16);
  return join(settings.indexFolder || userIndexFolder(), `${name}-${hash}`);
}

/** Opens the index; nothing is indexed before `indexer.start`. Rejects with EngineError. */
export async function openLocalIndex(parts: LocalIndexParts): Promise<LocalIndex> {
  const { roots, settings, encoder, tracer, onProgress } = parts;
  const store = await openStore(parts);
  const embed =
    encoder && ((chunk: IndexedChunk, path: string) => embedChunk(encoder, chunk, relativeTo(roots, path)));
  const indexer = new Indexer({
    store,
    files: new WorkspaceFiles({ ...settings, roots: roots.map(({ path }) => path) }),
    chunk: (text, languageId) => chunksOf(text, languageId, parts.parsers),
    embed,
    maxFiles: settings.maxFiles,
    clock: systemClock,
    tracer,
    onProgress,
  });
  return {
    store,
    indexer,
    async close() {
      await indexer.dispose();
      await store.close();
    },
  };
}

async function openStore({ roots, settings, encoder, tracer }: LocalIndexParts): Promise<SearchStore> {
  const identity = `${contentVersion} ${encoder?.id ?? ''}`;
  if (settings.database !== undefined) {
    const { openPostgresStore } = await import('./postgres-store.ts');
    return openPostgresStore({
      connectionString: settings.database,
      name: indexFolderOf(roots, { ...settings, indexFolder: '/' }),
      identity,
    });
  }
  return SqliteStore.open({
    file: join(indexFolderOf(roots, settings), 'index.sqlite'),
    identity,
    dims: encoder?.dims ?? dimsWithoutEncoder,
    relativePath: (path) => relativeTo(roots, path),
    tracer,
  });
}

/** The path below its root; with the root's name before it where there are several. */
export function relativeTo(roots: readonly SearchRoot[], path: string): string {
  const root = roots.find((candidate) => path.startsWith(`${candidate.path.replace(/\/$/, '')}/`));
  if (!root) return path;
  const relative = path.slice(root.path.replace(/\/$/, '').length + 1);
  return roots.length > 1 ? `${root.name}/${relative}` : relative;
}

/** Trees of longer parses are given up: the text is cut by lines then. */
const maxParseMs = 2000;

export async function chunksOf(
  text: string,
  languageId: string,
  parsers: Parsers | undefined,
): Promise<Chunk[]> {
  const parser = text.length <= maxTreeLength ? await parsers?.of(languageId) : undefined;
  const endMs = performance.now() + maxParseMs;
  const tree = parser?.parse(text, undefined, { progressCallback: () => performance.now() > endMs });
  if (parser && !tree) parser.reset(); // it would go on with this text
  try {
    return chunkText(text, languageId, tree ?? undefined);
  } finally {
    tree?.delete();
  }
}
