/** THE settings table: every setting's key, type, default, scope and description, in one place. */

// package.json's contributes.configuration is generated from this table (scripts/manifest.mjs), the
// server's checks and the README's list too. A setting that is not here does not exist.

/** VS Code's configuration scopes; `machine` settings are never read from a workspace. */
export type SettingScope = 'machine' | 'window' | 'resource';

interface SettingOf<K extends string, T> {
  readonly type: K;
  readonly default: T;
  readonly scope: SettingScope;
  readonly description: string;
}

export type Setting =
  | SettingOf<'boolean', boolean>
  | (SettingOf<'string', string> & { readonly enum?: readonly string[] })
  | (SettingOf<'number', number> & { readonly minimum: number; readonly maximum: number })
  | SettingOf<'string[]', readonly string[]>
  /** Lists of texts by a name: a program and its arguments for a language. */
  | SettingOf<'lists', Readonly<Record<string, readonly string[]>>>;

/** Keys without the `stet.` prefix. */
export const settingsTable = {
  enable: {
    type: 'boolean',
    default: true,
    scope: 'window',
    description: 'Suggest code as ghost text while you type.',
  },
  disabledLanguages: {
    type: 'string[]',
    default: ['plaintext', 'markdown', 'log'],
    scope: 'window',
    description: 'Language identifiers in which Stet suggests only when asked (Alt+\\).',
  },
  disabledPaths: {
    type: 'string[]',
    default: [],
    scope: 'window',
    description:
      'Glob patterns of files in which Stet suggests only when asked (Alt+\\), such as `**/generated/**` or `*.sql`. A line with `stet: off` does the same for the rest of a file, `stet: on` ends it.',
  },
  'completion.backend': {
    type: 'string',
    default: 'embedded',
    enum: ['embedded', 'remote'],
    scope: 'machine',
    description:
      'Who writes suggestions: the model on this machine (embedded), or a server that completion.remoteUrl names (remote): llama.cpp’s, vLLM or another like OpenAI’s. To a remote one goes the text around the cursor and, with llama.cpp, pieces of other files in that language; never a file that may hold secrets. It cannot keep its cache over an edit (completion.editReuse), be held to names that exist while it writes (types.*), copy from your other files, say how sure it is (completion.eagerness), or give alternatives; nothing is looked for ahead. What it writes is trimmed and checked for syntax and types all the same. See docs/remote-backend.md.',
  },
  'completion.remoteUrl': {
    type: 'string',
    default: '',
    scope: 'machine',
    description:
      'Where the server of completion.backend “remote” is: http://gpu.example:8080. Nothing is sent anywhere while this is empty. If it wants a key, run “Stet: Set Remote Key…”.',
  },
  'completion.remoteModel': {
    type: 'string',
    default: '',
    scope: 'machine',
    description: 'The model to ask that server for; empty takes its first. llama.cpp’s has only one.',
  },
  'completion.remoteProtocol': {
    type: 'string',
    default: 'auto',
    enum: ['auto', 'llama.cpp', 'openai'],
    scope: 'machine',
    description:
      'How to speak to that server: llama.cpp (/infill), openai (/v1/completions), or auto, which asks whether it is llama.cpp’s (/props).',
  },
  'completion.remoteTemplate': {
    type: 'string',
    default: '',
    scope: 'machine',
    description:
      'For servers like OpenAI’s that take no text behind the cursor, such as vLLM: the prompt with the model’s own sentinels, as `<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>`. Empty sends prompt and suffix.',
  },
  'completion.eagerness': {
    type: 'string',
    default: 'balanced',
    enum: ['quiet', 'balanced', 'eager'],
    scope: 'window',
    description:
      'How sure a suggestion must be to be shown while you type; what is unsure is cut off its end. quiet shows little that is wrong, eager hides little that is right (docs/benchmarks.md has the figures). After suggestions that you typed past it asks for more for a while. What you ask for (Alt+\\) is always shown.',
  },
  'completion.inComments': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description: 'Suggest while you type in comments.',
  },
  'completion.inStrings': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description: 'Suggest while you type in strings.',
  },
  'completion.alternatives': {
    type: 'number',
    default: 3,
    minimum: 1,
    maximum: 5,
    scope: 'window',
    description:
      'Suggestions to choose from when you ask (Alt+\\; Alt+] and Alt+[ go through them). Each one more takes about as long as the first without reading the file again. While you type there is one.',
  },
  'completion.lookAhead': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'While a suggestion is on screen, look for the one behind it and the one on the next line, so that they are there at once. Off saves about half of the computing.',
  },
  'completion.maxLines': {
    type: 'number',
    default: 8,
    minimum: 1,
    maximum: 50,
    scope: 'window',
    description: 'The most lines that one suggestion may have.',
  },
  'completion.maxTokens': {
    type: 'number',
    default: 64,
    minimum: 1,
    maximum: 512,
    scope: 'window',
    description: 'The most tokens that the model writes for one suggestion. More tokens take longer.',
  },
  'completion.contextTokens': {
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 32768,
    scope: 'window',
    description:
      "The most tokens of the file that the model reads around the cursor; 0 takes the model's own limit. Fewer are faster.",
  },
  'completion.relatedFiles': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'Let suggestions use names and lines of files that are not open: the search index is asked for pieces that belong to what you write, in pauses. Needs search.enable.',
  },
  'completion.debounceMs': {
    type: 'number',
    default: 30,
    minimum: 0,
    maximum: 1000,
    scope: 'window',
    description:
      'Milliseconds of quiet before the model is asked. It grows by itself while you type fast, and is 0 for text that continues the suggestion on screen.',
  },
  'completion.autoImport': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'After a suggestion was accepted, import the names in it that exactly one module is known to export, as part of the same undo step. TypeScript, JavaScript and Python, but not in notebooks; needs types.enable.',
  },
  'completion.formatOnAccept': {
    type: 'boolean',
    default: false,
    scope: 'window',
    description:
      'After a suggestion was accepted, format its lines with the editor’s formatter of selections for the language, as part of the same undo step. Nothing happens where there is none, where you typed on meanwhile, or where it would change other lines too.',
  },
  'completion.editReuse': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'After an edit above the cursor, keep what was computed behind it and only read the new text; a pause makes it exact again. Off reads everything behind an edit anew: exact at once, but slower.',
  },
  maxFileSizeKb: {
    type: 'number',
    default: 2048,
    minimum: 1,
    maximum: 65536,
    scope: 'window',
    description: 'Files larger than this many kilobytes get no suggestions.',
  },
  'model.folder': {
    type: 'string',
    default: '',
    scope: 'machine',
    description:
      'A model in Hugging Face layout (config.json, tokenizer.json, *.safetensors). Empty means the embedded model.',
  },
  'model.libraryFolder': {
    type: 'string',
    default: '',
    scope: 'machine',
    description: "Where downloaded models are kept. Empty means the user's data folder.",
  },
  'model.downloadHost': {
    type: 'string',
    default: 'https://huggingface.co',
    scope: 'machine',
    description:
      'Where “Stet: Choose Model…” downloads from, after asking; a mirror with the same API serves as well. Nothing else is ever asked of it.',
  },
  'model.format': {
    type: 'string',
    default: 'int8',
    enum: ['int8', 'int8-block', 'int4', 'fp32'],
    scope: 'machine',
    description:
      'How the weights are held: int8 is the fastest, int4 the smallest, fp32 the reference (4 times the memory of int8).',
  },
  'model.executionProvider': {
    type: 'string',
    default: 'cpu',
    enum: ['cpu', 'cuda', 'coreml', 'dml', 'webgpu'],
    scope: 'machine',
    description:
      'What computes the model: the processor (cpu), or a graphics card by cuda (Linux; its ONNX Runtime libraries have to be put beside Stet’s own), coreml (macOS), dml (Windows) or webgpu. Where that cannot be had, or answers otherwise than the processor, the processor computes, and a message says why. Only cpu was measured; with models this small the others may well be slower.',
  },
  'model.cacheFolder': {
    type: 'string',
    default: '',
    scope: 'machine',
    description:
      "Where converted models are kept. Empty means the user's cache folder. It may be deleted at any time.",
  },
  'model.cacheMemoryMb': {
    type: 'number',
    default: 128,
    minimum: 1,
    maximum: 16384,
    scope: 'machine',
    description:
      'Megabytes for what the model has read of the files that you work in; when it is full, the file used longest ago is read again. One file is always kept.',
  },
  'model.unloadAfterMinutes': {
    type: 'number',
    default: 60,
    minimum: 0,
    maximum: 1440,
    scope: 'machine',
    description:
      'Minutes without a request after which the model leaves memory, and static analysis with it; the next request reads it again. 0: never. Where less than 5 % of the memory is left, a minute is enough.',
  },
  'model.shareBetweenWindows': {
    type: 'boolean',
    default: false,
    scope: 'machine',
    description:
      'One process holds the model for all windows of VS Code, so that a second window needs no second copy of it. Each window has its own documents and static analysis in it. Windows with other models or threads have their own process, and so has a window whose suggestions come from a remote server.',
  },
  'performance.onBattery': {
    type: 'string',
    default: 'saveEnergy',
    enum: ['same', 'saveEnergy', 'whenAsked'],
    scope: 'window',
    description:
      'While the machine runs on its battery: saveEnergy does nothing in pauses (no looking ahead, no making exact what an edit moved, no indexing; “Stet: Resume Indexing” indexes all the same) and waits 150 ms at least before it asks the model; whenAsked also suggests only when asked (Alt+\\); same does all as ever. Looked up once a minute while you type. Known on Linux and macOS (which was not tried); on Windows the battery is not seen.',
  },
  'search.enable': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description: 'Index the workspace, so that code can be found by words and by meaning.',
  },
  'search.exclude': {
    type: 'string[]',
    default: [],
    scope: 'window',
    description:
      'Glob patterns of files and folders that are not indexed, besides those of .gitignore, files.exclude and search.exclude.',
  },
  'search.maxFileSizeKb': {
    type: 'number',
    default: 1024,
    minimum: 1,
    maximum: 65536,
    scope: 'window',
    description: 'Files larger than this many kilobytes are not indexed.',
  },
  'search.maxFiles': {
    type: 'number',
    default: 200_000,
    minimum: 1,
    maximum: 1_000_000,
    scope: 'window',
    description: 'The most files that one index holds.',
  },
  'search.indexFolder': {
    type: 'string',
    default: '',
    scope: 'machine',
    description:
      "Where indexes are kept. Empty means the user's cache folder. It may be deleted at any time.",
  },
  'search.backend': {
    type: 'string',
    default: 'sqlite',
    enum: ['sqlite', 'postgres'],
    scope: 'machine',
    description:
      'What holds the index: a file on this machine (sqlite), or a PostgreSQL database with pgvector that you run (postgres).',
  },
  'search.postgres.connectionVariable': {
    type: 'string',
    default: 'STET_SEARCH_DATABASE_URL',
    scope: 'machine',
    description:
      'The environment variable that holds the connection string of the PostgreSQL database. “Stet: Set Search Database…” keeps one in the editor’s secret storage instead.',
  },
  'statistics.enable': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'Count, on this machine only, how much of what you accepted is still there after 30 seconds and after 2 minutes. “Stet: Show Statistics” shows it and can forget it; nothing is sent.',
  },
  'types.enable': {
    type: 'boolean',
    default: true,
    scope: 'window',
    description:
      'Ask static analysis which names exist, so that the model does not invent members. TypeScript, JavaScript and Python are built in; for other languages a language server of yours is asked, in trusted workspaces.',
  },
  'types.disabledLanguages': {
    type: 'string[]',
    default: [],
    scope: 'window',
    description: 'Language identifiers in which the model is not held to the names that exist.',
  },
  'types.disabledKinds': {
    type: 'string[]',
    default: [],
    scope: 'window',
    description:
      'Kinds of place where the model is not held to the names that exist: member, import-name, object-key, string-literal, jsx-tag, jsx-attribute.',
  },
  'types.memoryMb': {
    type: 'number',
    default: 1500,
    minimum: 256,
    maximum: 65536,
    scope: 'machine',
    description: 'Megabytes that static analysis of one language may take; past that it is started anew.',
  },
  'types.servers': {
    type: 'lists',
    default: {},
    scope: 'machine',
    description:
      'Language servers by language identifier, each a program and its arguments: {"go": ["/opt/gopls", "serve"]}. An empty list turns a language off. Stet starts a private copy in trusted workspaces and never touches the editor\'s own.',
  },
  threads: {
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 64,
    scope: 'machine',
    description: 'CPU threads for the model; 0 chooses from the number of cores (at most 4).',
  },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof settingsTable;

type ValueOf<S extends Setting> = S extends { type: 'boolean' }
  ? boolean
  : S extends { type: 'number' }
    ? number
    : S extends { type: 'string[]' }
      ? readonly string[]
      : S extends { type: 'lists' }
        ? Readonly<Record<string, readonly string[]>>
        : S extends { enum: readonly (infer E)[] }
          ? E
          : string;

/** The settings as plain values, keyed as in the table. */
export type Settings = { readonly [K in SettingKey]: ValueOf<(typeof settingsTable)[K]> };

/** Every setting at its default. */
export function defaultSettings(): Settings {
  return Object.fromEntries(
    Object.entries(settingsTable).map(([key, setting]) => [key, setting.default]),
  ) as unknown as Settings;
}
