/** languageOf: the VS Code language id of a file by its name, for callers without an editor. */

import { basename, extname } from 'node:path';

const byExtension: Readonly<Record<string, string>> = {
  '.ts': 'typescript', '.mts': 'typescript', '.cts': 'typescript', '.tsx': 'typescriptreact',
  '.js': 'javascript', '.mjs': 'javascript', '.cjs': 'javascript', '.jsx': 'javascriptreact',
  '.py': 'python', '.pyi': 'python', '.go': 'go', '.rs': 'rust', '.java': 'java', '.c': 'c', '.h': 'c',
  '.cc': 'cpp', '.cpp': 'cpp', '.hpp': 'cpp', '.cs': 'csharp', '.rb': 'ruby', '.php': 'php',
  '.sh': 'shellscript', '.bash': 'shellscript', '.css': 'css', '.json': 'json', '.md': 'markdown',
}; // biome-ignore format: a table reads better in rows

/** `plaintext` for names that the table does not know. */
export function languageOf(file: string): string {
  return byExtension[extname(basename(file)).toLowerCase()] ?? 'plaintext';
}
