/** Preloaded into a bundled language server: takes away its means of starting programs. */

// Pyright asks a Python interpreter for its search paths, with the workspace as working folder. A
// workspace can bring an interpreter of its own, so that opening a folder would run what is in it.
// `--require` runs this in the server's worker threads as well.

'use strict';

const childProcess = require('node:child_process');
const { syncBuiltinESMExports } = require('node:module');

function refuse() {
  throw Object.assign(new Error('This process starts no programs.'), { code: 'ENOENT' });
}

for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync']) {
  childProcess[name] = refuse;
}
syncBuiltinESMExports();
