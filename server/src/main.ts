/** The language server: joins wire, documents and the engine process. Speaks node IPC or --stdio. */

import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import type { InitializationOptions, ModelsResponse } from '../../protocol/messages.ts';
import type { Settings } from '../../protocol/settings.ts';
import { Documents } from './lsp/documents.ts';
import { EnergySaver } from './lsp/energy-saver.ts';
import { attachHandlers } from './lsp/handlers.ts';
import type { Models } from './lsp/model-handlers.ts';
import { remoteOptionsOf } from './lsp/remote-access.ts';
import { Reporter } from './lsp/reporter.ts';
import { systemClock } from './node/clock.ts';
import { EngineClient } from './node/engine-client.ts';
import { restWhenIdle } from './node/engine-rest.ts';
import { models } from './node/models/models.ts';
import { threadCount, userCacheFolder, userModelLibrary } from './node/places.ts';
import { PowerSource } from './node/power-source.ts';
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
  onStatus: (status) => {
    reporter.indexStatus(status);
    energy.indexStatus(status);
  },
  tracer: (event) => reporter.trace(event),
});

const energy: EnergySaver = new EnergySaver(search, reporter);
const power = new PowerSource({
  clock: systemClock,
  onChange: (isOnBattery) => energy.powered(isOnBattery),
  folder: process.env.STET_POWER_SUPPLY, // tests make up one
});

let nStarts = 0;
let embeddedFolder = path.join(bundleFolder, '..', 'model');

async function startEngine(settings: Settings, options: InitializationOptions): Promise<void> {
  const nStart = ++nStarts;
  const remote = await remoteOptionsOf(connection, settings, options);
  if (nStart !== nStarts) return; // other settings came while the client was asked
  embeddedFolder = options.embeddedModelFolder ?? embeddedFolder;
  const cacheFolder = absolute(settings['model.cacheFolder']);
  return engine.start({
    modelFolder: absolute(settings['model.folder']) || embeddedFolder,
    ...(cacheFolder && { cacheFolder }),
    format: settings['model.format'],
    threads: settings.threads,
    provider: settings['model.executionProvider'],
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

/** What can be done with models, by these settings. */
function modelsOf(settings: Settings): Models {
  const places = {
    libraryFolder: absolute(settings['model.libraryFolder']) || userModelLibrary(),
    host: settings['model.downloadHost'],
  };
  const options = {
    ...places,
    embeddedFolder,
    modelFolder: absolute(settings['model.folder']) || embeddedFolder,
    cacheFolder: absolute(settings['model.cacheFolder']) || userCacheFolder(),
    format: settings['model.format'],
    threads: threadCount(settings.threads),
    // What is measured is what computes, which may not be what was asked for.
    provider: engine.info.provider ?? settings['model.executionProvider'],
    cacheMemoryMb: settings['model.cacheMemoryMb'],
  };
  return {
    list: async (): Promise<ModelsResponse> => ({ ...(await models.list(options)), ...places }),
    measure: async (signal) => models.keepSpeed(options, await engine.measure(signal)),
    download: (repo, proxy, signal, onProgress) => models.download(options, repo, proxy, signal, onProgress),
    delete: (folder) => models.delete(options, folder),
  };
}

/** A folder as a person writes it, with `~` for home; '' stays ''. */
function absolute(folder: string): string {
  return folder && path.resolve(folder.replace(/^~(?=$|[\\/])/, homedir()));
}

let unloadAfterMinutes = 0;
restWhenIdle(engine, () => unloadAfterMinutes);

/** Called with every change of the settings. */
function configureOracles(settings: Settings, isTrusted: boolean): void {
  energy.configured(settings);
  power.used();
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
  energy,
  used: () => power.used(),
  missingImports: (query, signal) => engine.missingImports(query, signal),
  models: modelsOf,
  environment: process.env,
  absoluteFolder: absolute,
});
process.on('disconnect', () => process.exit(0)); // VS Code is gone; the engine process follows
// Only a broken connection gets here (everything else passes the guard), so not over the connection.
process.on('unhandledRejection', (error) => process.stderr.write(`${String(error)}\n`));
connection.listen();
