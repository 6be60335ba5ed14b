/** guard: the one try/catch of the server: nothing that a message does may throw past it. */

import { type CancellationToken, LSPErrorCodes, ResponseError } from 'vscode-languageserver/node';
import type { Reporter } from './reporter.ts';

type Answer<P, R> = (params: P, token: CancellationToken) => Promise<R | null | ResponseError<void>>;

/**
 * Answers a request by `handle`, whose signal is aborted when the client cancels. A cancelled
 * request is answered as such; a failed one is reported and answered by null, so that an editor
 * never shows an error per keystroke.
 */
export function guardRequest<P, R>(
  method: string,
  reporter: Reporter,
  handle: (params: P, signal: AbortSignal) => Promise<R | null>,
): Answer<P, R> {
  return guarded(handle, (error) => {
    reporter.failed(method, error);
    return null;
  });
}

/** The same for what a person commanded: whoever asked is told of a failure in its own words. */
export function guardCommand<P, R>(
  method: string,
  reporter: Reporter,
  handle: (params: P, signal: AbortSignal) => Promise<R | null>,
): Answer<P, R> {
  return guarded(handle, (error) => {
    reporter.log('warn', `${method}: ${error}`);
    return new ResponseError(
      LSPErrorCodes.RequestFailed,
      error instanceof Error ? error.message : String(error),
    );
  });
}

function guarded<P, R>(
  handle: (params: P, signal: AbortSignal) => Promise<R | null>,
  onFailure: (error: unknown) => ResponseError<void> | null,
): Answer<P, R> {
  return async (params, token) => {
    const controller = new AbortController();
    const listener = token.onCancellationRequested(() => controller.abort());
    if (token.isCancellationRequested) controller.abort();
    try {
      return await handle(params, controller.signal);
    } catch (error) {
      if (controller.signal.aborted) return new ResponseError(LSPErrorCodes.RequestCancelled, 'Cancelled.');
      return onFailure(error);
    } finally {
      listener.dispose();
    }
  };
}

/** The same for notifications, which have no answer. */
export function guardNotification<P>(
  method: string,
  reporter: Reporter,
  handle: (params: P) => void | Promise<void>,
): (params: P) => Promise<void> {
  return async (params) => {
    try {
      await handle(params);
    } catch (error) {
      reporter.failed(method, error);
    }
  };
}
