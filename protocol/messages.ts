/** What client and server say to each other beyond standard LSP. */

/** Server → client: what the status item shows. Sent on every change. */
export interface StatusParams {
  readonly state: 'loading' | 'ready' | 'error';
  /** One line for the hover: the model's name, or what went wrong and the way out. */
  readonly detail: string;
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
}
export const traceNotification = 'stet/trace';

/** Server → client: the suggestion of this id turned out wrong; hide it if it is still on screen. */
export interface WithdrawnParams {
  readonly uri: string;
  readonly id: number;
}
export const withdrawnNotification = 'stet/withdrawn';

/**
 * The command of every item, with the suggestion's id as its only argument. Editors run it after
 * accepting, through workspace/executeCommand.
 */
export const acceptedCommand = 'stet.accepted';

/** Client → server, in `initialize`'s initializationOptions; all optional for other LSP clients. */
export interface InitializationOptions {
  /** The folder of the embedded model; beside the server's bundle when absent. */
  readonly embeddedModelFolder?: string;
  /** Settings by table key without `stet.`, for clients without workspace/configuration. */
  readonly settings?: Record<string, unknown>;
  /** The client shows {@link StatusParams}; others are told of errors by window/showMessage. */
  readonly hasStatusItem?: boolean;
}
