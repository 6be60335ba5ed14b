/** filePathOf: a file URI as the path that the index knows: absolute, with forward slashes. */

import { fileURLToPath } from 'node:url';

/** Undefined for what is no file of this machine, and for what is no URI. */
export function filePathOf(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || !uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri)
      .replaceAll('\\', '/')
      .replace(/(?<=.)\/$/, '');
  } catch {
    return undefined; // a host that is not this machine, or an escape that is none
  }
}
