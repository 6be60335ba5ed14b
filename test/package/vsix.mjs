/** Reads VSIX files: what is in them, and all of it unpacked as VS Code would. */

import { createWriteStream, mkdirSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import yauzl from 'yauzl';

/** The paths in the archive, with their sizes in bytes. */
export async function listVsix(file) {
  const sizes = new Map();
  await eachEntry(file, (_, { fileName, uncompressedSize }) => sizes.set(fileName, uncompressedSize));
  return sizes;
}

/** Unpacks into `folder` and gives back the extension's folder in it. */
export async function unpackVsix(file, folder) {
  await eachEntry(file, async (zip, entry) => {
    const to = path.join(folder, entry.fileName); // yauzl refuses names that lead out of the folder
    if (entry.fileName.endsWith('/')) return;
    mkdirSync(path.dirname(to), { recursive: true });
    const from = await new Promise((resolve, reject) => {
      zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
    });
    await pipeline(from, createWriteStream(to));
  });
  return path.join(folder, 'extension');
}

function eachEntry(file, visit) {
  return new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on('error', reject);
      zip.on('end', resolve);
      zip.on('entry', (entry) => {
        Promise.resolve(visit(zip, entry)).then(() => zip.readEntry(), reject);
      });
      zip.readEntry();
    });
  });
}
