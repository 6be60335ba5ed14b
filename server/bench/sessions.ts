/** Sessions: the typing sessions that replay and peers play, from the folder beside or from files. */

import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSession, type SessionEvent } from '../../protocol/session.ts';

/** The sessions in `files`, or else those that scripts/traces.mjs derived from commits. */
export async function readSessions(files: readonly string[] = []): Promise<SessionEvent[][]> {
  const paths = files.length > 0 ? files : await bundled();
  return Promise.all(
    paths.map(async (path) => {
      try {
        return parseSession(await readFile(path, 'utf8'));
      } catch (error) {
        throw new Error(`${basename(path)}: ${error instanceof Error ? error.message : error}`);
      }
    }),
  );
}

async function bundled(): Promise<string[]> {
  const folder = fileURLToPath(new URL('../server/bench/traces/', import.meta.url));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  return names.map((name) => join(folder, name));
}
