/** reasonOf: an outcome in words, and what a person can do about it. */

export interface Reason {
  /** One sentence. */
  readonly words: string;
  /** What to do, where something can be done. */
  readonly wayOut?: string;
  readonly isShown: boolean;
}

const reasons: Readonly<Record<string, Reason>> = {
  generated: { words: 'The model wrote it.', isShown: true },
  reused: { words: 'You typed along the suggestion on screen; this is the rest of it.', isShown: true },
  cached: { words: 'You were here before; this is what was suggested then.', isShown: true },
  'quiet-comment': {
    words: 'The cursor stands in a comment, where you want no suggestions while typing.',
    wayOut: 'stet.completion.inComments says so; Alt+\\ asks all the same.',
    isShown: false,
  },
  'quiet-string': {
    words: 'The cursor stands in a string, where you want no suggestions while typing.',
    wayOut: 'stet.completion.inStrings says so; Alt+\\ asks all the same.',
    isShown: false,
  },
  'quiet-path': {
    words: 'Suggestions while typing are off in this file.',
    wayOut: 'stet.disabledPaths says so; Alt+\\ asks all the same.',
    isShown: false,
  },
  'quiet-marker': {
    words: 'A line above says “stet: off”.',
    wayOut: 'A line with “stet: on” ends that; Alt+\\ asks all the same.',
    isShown: false,
  },
  'ill-typed': {
    words: 'What it wrote names something that the types do not know.',
    wayOut: 'stet.types.enable and stet.types.disabledKinds say what is checked.',
    isShown: false,
  },
  empty: {
    words: 'The model had nothing to add here, or nothing was left of it after trimming.',
    wayOut: 'Type a little more, or ask again with Alt+\\ at another place.',
    isShown: false,
  },
  memorised: {
    words: 'What it wrote stands word for word in the training data, so it was withheld.',
    isShown: false,
  },
  unsure: {
    words: 'The model was not sure enough of what it wrote.',
    wayOut: 'stet.completion.eagerness says how sure is sure enough; Alt+\\ asks for it anyway.',
    isShown: false,
  },
  stale: { words: 'The document changed while the model was at work.', isShown: false },
  cancelled: { words: 'The editor moved on before the answer was there.', isShown: false },
  off: {
    words: 'Suggestions while typing are off here.',
    wayOut: '“Stet: Toggle Suggestions While Typing”, stet.disabledLanguages; Alt+\\ asks all the same.',
    isShown: false,
  },
  secret: {
    words: "The file's name says that it holds passwords or keys. Such files are never read.",
    wayOut: 'Rename the file if it holds none.',
    isShown: false,
  },
  'too-large': { words: 'The file is too large.', wayOut: 'Raise stet.maxFileSizeKb.', isShown: false },
  binary: { words: 'The file holds NUL characters, so it is no text.', isShown: false },
  'mid-word': {
    words: 'The cursor stands inside a word.',
    wayOut: 'Alt+\\ asks all the same.',
    isShown: false,
  },
  'bad-position': { words: 'The cursor stands inside a character.', isShown: false },
  'unknown-document': {
    words: 'The server does not know this document.',
    wayOut: 'Open the file again; if that does not help, “Stet: Restart Server”.',
    isShown: false,
  },
};

/** Outcomes that this table does not know yet are shown as they are. */
export function reasonOf(outcome: string): Reason {
  return Object.hasOwn(reasons, outcome)
    ? (reasons[outcome] as Reason)
    : { words: `${outcome.replaceAll('-', ' ')}.`, isShown: false };
}
