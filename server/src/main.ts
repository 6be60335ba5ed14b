/** The language server: joins wire, documents and the engine process. Speaks node IPC or --stdio. */

import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import type { InitializationOptions } from '../../protocol/messages.ts';
import type { Settings } from '../../protocol/settings.ts';
import { Documents } from './lsp/documents.ts';
import { attachHandlers } from './lsp/handlers.ts';
import { remoteOptionsOf } from './lsp/remote-access.ts';
import { Reporter } from './lsp/reporter.ts';
import { EngineClient } from './node/engine-client.ts';
import { restWhenIdle } from './node/engine-rest.ts';
import { models } from './node/models/models.ts';
import { userModelLibrary } from './node/places.ts';
import { SearchClient } from './node/search/search-client.ts';
import { WorkspaceFiles } from './node/search/workspace-files.ts';

const bundleFolder = path.dirname(fileURLToPath(import.meta.url));

if (!process.argv.slice(2).some((argument) => /^--(stdio|node-ipc|socket|pipe)\b/.test(argument))) {
  process.stderr.write('This is the language server of Stet. Start it with --stdio.\n');
  process.exit(2);
}

const connection = createConnection(ProposedFeatures.all);
const reporter = new Reporter(connection);
const documents = new Documents((message) => reporter.log('warn', message));
const engine = new EngineClient({
  enginePath: path.join(bundleFolder, 'engine.cjs'),
  openDocuments: () => documents.all(),
  onState: (state) => reporter.engineState(state),
  tracer: (event) => reporter.trace(event),
});

const search = new SearchClient({
  searchPath: path.join(bundleFolder, 'search.cjs'),
  onStatus: (status) => reporter.indexStatus(status),
  tracer: (event) => reporter.trace(event),
});

let nStarts = 0;

async function startEngine(settings: Settings, options: InitializationOptions): Promise<void> {
  const nStart = ++nStarts;
  const remote = await remoteOptionsOf(connection, settings, options);
  if (nStart !== nStarts) return; // other settings came while the client was asked
  const embedded = options.embeddedModelFolder ?? path.join(bundleFolder, '..', 'model');
  const cacheFolder = absolute(settings['model.cacheFolder']);
  return engine.start({
    modelFolder: absolute(settings['model.folder']) || embedded,
    ...(cacheFolder && { cacheFolder }),
    format: settings['model.format'],
    threads: settings.threads,
    cacheMemoryMb: settings['model.cacheMemoryMb'],
    grammarsFolder: path.join(bundleFolder, '..', 'grammars'),
    ...(remote && { remote }),
    ...sharing(settings, options),
  });
}

/** Where windows find the process that has their model; a remote server and its key are one window's alone. */
function sharing(settings: Settings, { storageFolder }: InitializationOptions) {
  if (!settings['model.shareBetweenWindows'] || settings['completion.backend'] === 'remote') return {};
  if (typeof storageFolder !== 'string' || !path.isAbsolute(storageFolder)) return {};
  return { shareFolder: path.join(storageFolder, 'engine'), environment: process.env };
}

function modelPlaces(settings: Settings) {
  const libraryFolder = absolute(settings['model.libraryFolder']) || userModelLibrary();
  return { libraryFolder, host: settings['model.downloadHost'] };
}

/** A folder as a person writes it, with `~` for home; '' stays ''. */
function absolute(folder: string): string {
  return folder && path.resolve(folder.replace(/^~(?=$|[\\/])/, homedir()));
}

let unloadAfterMinutes = 0;
restWhenIdle(engine, () => unloadAfterMinutes);

/** Called with every change of the settings. */
function configureOracles(settings: Settings, isTrusted: boolean): void {
  unloadAfterMinutes = settings['model.unloadAfterMinutes'];
  engine.configureOracles({
    isEnabled: settings['types.enable'],
    isTrusted,
    disabledLanguages: settings['types.disabledLanguages'],
    disabledKinds: settings['types.disabledKinds'],
    memoryMb: settings['types.memoryMb'],
    servers: settings['types.servers'],
  });
}

attachHandlers({
  connection,
  documents,
  reporter,
  engine,
  search,
  readText: async (file) =>
    (await new WorkspaceFiles({ roots: [], exclude: [], maxFileSizeKb: 1024 }).read(file))?.text,
  startEngine,
  configureOracles,
  missingImports: (query, signal) => engine.missingImports(query, signal),
  models,
  modelPlaces,
  environment: process.env,
  absoluteFolder: absolute,
});
process.on('disconnect', () => process.exit(0)); // VS Code is gone; the engine process follows
// Only a broken connection gets here (everything else passes the guard), so not over the connection.
process.on('unhandledRejection', (error) => process.stderr.write(`${String(error)}\n`));
connection.listen();
