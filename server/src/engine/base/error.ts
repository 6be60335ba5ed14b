/** EngineError: an operation failed for a reason that a person can do something about. */

/**
 * Machine-readable reasons. Add one only when a caller or a test tells it apart from the others.
 */
export type EngineErrorCode =
  | 'model-missing' // no such folder, or a file of it is absent
  | 'download-failed' // a host, a proxy, a disk or a checksum was in the way of a model
  | 'model-corrupt' // truncated, wrong magic, wrong checksum
  | 'model-unsupported' // an architecture, dtype, shape or RoPE scaling we do not run
  | 'tokenizer-unsupported' // not a byte-level BPE, or without FIM sentinels
  | 'cache-unwritable' // the converted model could not be stored
  | 'cache-corrupt' // the converted model on disk is not what was written
  | 'backend-missing' // no inference runtime in this installation
  | 'backend-failed' // the inference runtime refused or broke
  | 'index-unavailable' // the search index cannot be opened, or was lost
  | 'query-invalid' // a search that cannot be meant: too long, a broken regular expression
  | 'document-unsupported' // too large, binary
  | 'document-unknown' // never opened, or closed meanwhile
  | 'remote-failed' // the server of stet.completion.remoteUrl cannot be reached, or does not answer as it should
  | 'engine-down'; // the engine process is gone and could not be restarted

/**
 * A failed operation. `message` says what happened and names the way out in one or two plain
 * sentences, because it is shown as it is when `showUser` is true.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError';

  constructor(
    readonly code: EngineErrorCode,
    message: string,
    readonly showUser = true,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
