/** assert: states what must be true; a false one is our bug, never the user's. */

/** Thrown by {@link assert}. It is logged and the request answers nothing. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} with `message` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, known not to be undefined. */
export function defined<T>(value: T | undefined, message: string): T {
  assert(value !== undefined, message);
  return value;
}
