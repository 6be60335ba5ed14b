/** Command: what a subcommand of `stet` is, and how its arguments are read. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

export interface Command {
  /** The words that call it: `complete`, `model import`. */
  readonly words: string;
  /** Its positional arguments as the usage shows them; '' for none. */
  readonly takes: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Lines of its own options as the usage shows them. */
  readonly optionHelp: readonly string[];
  /** `args` are those after {@link words}. */
  run(args: readonly string[]): Promise<void>;
}

/** Wrong arguments: the message is shown, and the usage when the command itself was not understood; exit code 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly showsUsage = true,
  ) {
    super(message);
  }
}

type OptionTable = NonNullable<ParseArgsConfig['options']>;

/** Options that every command has. */
export const commonOptions = {
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
} as const;

export const commonOptionHelp = [
  '--json               one JSON document instead of text',
  '--verbose            say what is going on',
];

/** `parseArgs` with our error for what it does not know. */
export function readArguments<const T extends OptionTable>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The count that option `--key` was given as; undefined when it was not. */
export function countOf(key: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,4}$/.test(text)) throw new UsageError(`--${key} takes a number.`);
  return Number(text);
}
