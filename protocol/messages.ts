/** What client and server say to each other beyond standard LSP. */

/** Server → client: what the status item shows. Sent on every change. */
export interface StatusParams {
  readonly state: 'loading' | 'ready' | 'error';
  /** One line for the hover: the model's name, or what went wrong and the way out. */
  readonly detail: string;
  /** A sentence about what is left undone to save energy, while that is so. */
  readonly power?: string;
}
export const statusNotification = 'stet/status';

/** Server → client: one per finished request, for the hover and for tests. */
export interface TraceParams {
  readonly uri: string;
  /** The engine's outcome: `generated`, `reused`, or why nothing was suggested. */
  readonly outcome: string;
  /** From the request to its answer, debounce included. */
  readonly ms: number;
  /** From the request to the first token, debounce included; 0 when the model was not asked. */
  readonly firstTokenMs: number;
  /** Rows of the KV cache kept as they were, moved, and computed, `nRepaired` of these only to be true again. */
  readonly nKept: number;
  readonly nShifted: number;
  readonly nNew: number;
  readonly nRepaired: number;
  /** Whether the answer was read from rows as exact as a fresh computation's. */
  readonly rows: 'exact' | 'repaired' | 'shifted';
  /** Tokens written by the model. */
  readonly nTokens: number;
  /** Passes after the prompt's, tokens guessed ahead in them, and how many of these were right. */
  readonly nPasses?: number;
  readonly nGuessed?: number;
  readonly nRight?: number;
  /** Milliseconds by stage: debounce, context, queue, prefill, decode, oracle, filter. */
  readonly stages?: { readonly [stage: string]: number };
  /** Memory of the engine process. */
  readonly rssBytes?: number;
  /** What static analysis was asked while the model wrote, in order; absent where nobody was asked. */
  readonly masks?: readonly MaskParams[];
  /** The first error that the suggestion would have brought about, for which it was cut or dropped. */
  readonly typeError?: string;
}

/** One question about which names may stand at a place, and what the answer did. */
export interface MaskParams {
  /** `member`, `import-name`, … */
  readonly kind: string;
  /** As static analysis sees it: `Map<string, number>`; '' where it does not say. */
  readonly receiver: string;
  /** Whether other names were forbidden, or only made less likely. */
  readonly isClosed: boolean;
  /** Names that may stand there; 0: nobody knew. */
  readonly nNames: number;
  /** Tokens that were refused. */
  readonly nRejected: number;
  /** Until the answer; whether it came too late and was ignored. */
  readonly ms: number;
  readonly isLate?: boolean;
  /** It was known from before, so that nobody was asked. */
  readonly isRemembered?: boolean;
}
export const traceNotification = 'stet/trace';

/** Client → server: whether somebody looks at traces, so that what is only for them is measured. */
export const watchedNotification = 'stet/watched';
export interface WatchedParams {
  readonly isWatched: boolean;
}

/**
 * Server → client, to who looks at traces: how likely the text was that was typed where a request had asked,
 * with and without what other files say. Natural logarithms of probability, means over its tokens.
 */
export interface RegretParams {
  readonly uri: string;
  /** The document's when the request came. */
  readonly version: number;
  readonly offset: number;
  readonly regret: {
    readonly nTokens: number;
    /** By the model and the own file alone. */
    readonly ownFile: number;
    /** And by pieces of files that are not open; absent where there were none. */
    readonly relatedPieces?: number;
    /** And by them and the open files. */
    readonly allFiles: number;
  };
}
export const regretNotification = 'stet/regret';

/** Server → client: the suggestion of this id turned out wrong; hide it if it is still on screen. */
export interface WithdrawnParams {
  readonly uri: string;
  readonly id: number;
}
export const withdrawnNotification = 'stet/withdrawn';

/**
 * The command of every item, with the suggestion's id and its text as arguments. Editors run it after
 * accepting, through workspace/executeCommand; the server reads the id, the client the text.
 */
export const acceptedCommand = 'stet.accepted';

/**
 * Client → server, after a suggestion was accepted: the edits that import what its text names and does
 * not have, where one module alone can be meant. Null where nobody knows, or where it is turned off.
 */
export const missingImportsRequest = 'stet/missingImports';
export interface MissingImportsParams {
  readonly uri: string;
  /** Of the document with the accepted text in it. */
  readonly version: number;
  /** The accepted text; 0-based lines, UTF-16 characters, as in LSP. */
  readonly range: LspRange;
}
export interface MissingImportsResponse {
  /** In the order in which they are to be made; none overlaps another or the range. */
  readonly edits: readonly { readonly range: LspRange; readonly newText: string }[];
}
interface LspRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

/**
 * Client → server: the cells of a notebook in order, whenever it is opened or they are added, removed or
 * moved; none when it is closed. Their texts come by textDocument/didOpen and didChange, before or after.
 */
export const notebookNotification = 'stet/notebook';
export interface NotebookParams {
  readonly uri: string;
  /** The URIs of their documents. */
  readonly cells: readonly string[];
}

/** Client → server: the user came to trust the workspace. There is no way back but a new window. */
export const workspaceTrustedNotification = 'stet/workspaceTrusted';

/** Server → client: which static analysis serves some languages, and how it is. Sent on every change. */
export interface OracleParams {
  readonly languageIds: readonly string[];
  /** `typescript`, `pyright`, `clangd`; '' where there is none. */
  readonly name: string;
  readonly health:
    | 'starting'
    | 'ready'
    | 'restarting'
    | 'failed'
    | 'off'
    | 'unknown'
    | 'untrusted'
    | 'missing';
  /** For people; names the way out where there is one. */
  readonly detail: string;
}
export const oracleNotification = 'stet/oracle';

/** Client → server, in `initialize`'s initializationOptions; all optional for other LSP clients. */
export interface InitializationOptions {
  /** The folder of the embedded model; beside the server's bundle when absent. */
  readonly embeddedModelFolder?: string;
  /** A folder of the user's that all windows of this editor name; windows without one share no model. */
  readonly storageFolder?: string;
  /** Settings by table key without `stet.`, for clients without workspace/configuration. */
  readonly settings?: Record<string, unknown>;
  /** The user trusts the workspace, so that their own language servers may be started in it; false when absent. */
  readonly isWorkspaceTrusted?: boolean;
  /** The client shows {@link StatusParams}; others are told of errors by window/showMessage. */
  readonly hasStatusItem?: boolean;
  /** The client answers {@link searchDatabaseRequest}. */
  readonly hasSearchDatabase?: boolean;
  /** The client answers {@link remoteAccessRequest}. */
  readonly hasRemoteAccess?: boolean;
}

/** Client → server: find code. Answered with the final results; earlier ones come as {@link SearchUpdateParams}. */
export interface SearchParams {
  /** Chosen by the client; names the search in its updates. */
  readonly searchId: number;
  /** Words, with filters (`lang:`, `path:`, `kind:`, `changed:`), "exact phrases" and /regular expressions/. */
  readonly query: string;
  /** Code to find the like of, instead of a query. The place that it came from is left out of the results. */
  readonly similarTo?: { readonly text: string; readonly uri?: string; readonly line?: number };
  readonly limit: number;
}
export const searchRequest = 'stet/search';

/** One chunk of code that was found. */
export interface SearchResult {
  readonly uri: string;
  /** Relative to its workspace folder, for people; with the folder's name where there are several. */
  readonly path: string;
  readonly languageId: string;
  /** 0-based, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  /** `function`, `method`, `class`, … */
  readonly kind: string;
  /** Qualified; '' where the chunk has no name. */
  readonly name: string;
  /** The chunk's text. */
  readonly text: string;
  /** Higher is better; comparable within one search only. */
  readonly score: number;
}

export interface SearchResponse {
  readonly results: readonly SearchResult[];
  /** What of the answer is missing and why, for people: `the index is 40 % built`. */
  readonly note?: string;
  readonly ms: number;
}

/** Server → client: the results so far of a search that goes on. They replace earlier ones. */
export interface SearchUpdateParams {
  readonly searchId: number;
  readonly stage: 'lexical' | 'semantic';
  readonly results: readonly SearchResult[];
}
export const searchUpdateNotification = 'stet/searchUpdate';

/** Server → client: how the index is. Sent on every change, at most a few times a second. */
export interface IndexStatusParams {
  readonly state: 'off' | 'starting' | 'indexing' | 'paused' | 'ready' | 'error';
  readonly nFiles: number;
  readonly nFilesDone: number;
  readonly nChunks: number;
  readonly sizeBytes: number;
  /** One line for people: what goes on, or what is wrong and the way out. */
  readonly detail: string;
}
export const indexStatusNotification = 'stet/indexStatus';

/** Client → server: what to do with the index. Answered when it is done (`rebuild`: when it has begun). */
export interface IndexActionParams {
  readonly action: 'rebuild' | 'pause' | 'resume' | 'clear';
}
export const indexActionRequest = 'stet/indexAction';

/** The answer to an action: empty, or what went wrong and the way out. */
export interface IndexActionResult {
  readonly error?: string;
}

/**
 * Server → client, where `hasSearchDatabase` is set: the connection string of the search database from
 * the editor's secret storage, or null. Asked only when `search.backend` is `postgres`.
 */
export const searchDatabaseRequest = 'stet/searchDatabase';

/**
 * Server → client, where `hasRemoteAccess` is set: what it takes to reach the server of
 * `completion.remoteUrl`. Asked only when `completion.backend` is `remote`.
 */
export const remoteAccessRequest = 'stet/remoteAccess';
export interface RemoteAccessParams {
  /** `https://gpu.example:8080`: a key is for one origin. */
  readonly origin: string;
}
export interface RemoteAccess {
  /** From the editor's secret storage. */
  readonly key?: string;
  /** The editor's own proxy setting. */
  readonly proxy?: string;
}

/** Client → server: the models that can be chosen: the embedded one, an imported one that runs, downloaded ones, others. */
export const modelsRequest = 'stet/models';
export interface ListedModelParams {
  /** Absolute; undefined: it would have to be downloaded. */
  readonly folder?: string;
  /** `owner/name` on the download host. */
  readonly repo?: string;
  readonly title: string;
  readonly isEmbedded?: boolean;
  readonly licence?: string;
  readonly parametersM?: number;
  readonly sizeBytes: number;
  /** Megabytes of memory while it runs, at most. */
  readonly memoryMb?: number;
  /** How it is on this machine; absent before the machine was measured. */
  readonly speed?: {
    /** From an edit to a suggestion of 12 tokens, none of them guessed. */
    readonly suggestionMs: number;
    readonly tokensPerSecond: number;
    readonly isPredicted: boolean;
  };
  /** Why it is not for this machine, in a sentence. */
  readonly objection?: string;
  readonly isRecommended?: boolean;
}
export interface ModelsResponse {
  readonly models: readonly ListedModelParams[];
  /** Of this machine; what is free is not known everywhere. */
  readonly memory: { readonly totalBytes: number; readonly freeBytes?: number };
  /** Whether speeds can be told, or {@link measureModelRequest} has to be asked first. */
  readonly isMeasured: boolean;
  /** Where a download would go to, and come from. */
  readonly libraryFolder: string;
  readonly host: string;
}

/**
 * Client → server: measure this machine and the model that runs, in five seconds at most, and keep that.
 * Answered as {@link modelsRequest}; can be cancelled.
 */
export const measureModelRequest = 'stet/measureModel';

/** Client → server: download a model that the user agreed to. Answered with its folder; can be cancelled. */
export const downloadModelRequest = 'stet/downloadModel';
export interface DownloadModelParams {
  readonly repo: string;
  /** The editor's own proxy setting. */
  readonly proxy?: string;
}

/** Server → client, during {@link downloadModelRequest}: a few times a second at most. */
export const downloadProgressNotification = 'stet/downloadProgress';
export interface DownloadProgressParams {
  readonly repo: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Client → server: delete a model that was downloaded. */
export const deleteModelRequest = 'stet/deleteModel';
export interface DeleteModelParams {
  readonly folder: string;
}

/** Client → server: what of the workspace matters for a query, within a budget of tokens. */
export interface CompressParams {
  /** A question, an instruction, or code. */
  readonly query: string;
  /** By the model's tokenizer; ≥ 1. */
  readonly budgetTokens: number;
}

/** A piece of a file, kept or not; lines from 0, inclusive. */
export interface CompressedPiece {
  readonly path: string;
  readonly name: string;
  readonly form: 'full' | 'blocks' | 'skeleton' | 'dropped';
  readonly startLine: number;
  readonly endLine: number;
}

export interface CompressResponse {
  /** The kept code, each file under a comment with its path; '' where nothing was kept. */
  readonly text: string;
  readonly nTokens: number;
  /** What the files take whole. */
  readonly nTokensBefore: number;
  /** In the order of the text. */
  readonly pieces: readonly CompressedPiece[];
  /** What is not as asked, for people. */
  readonly note?: string;
  readonly ms: number;
}
export const compressRequest = 'stet/compress';
