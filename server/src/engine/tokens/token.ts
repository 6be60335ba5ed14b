/** TokenId: an index into a model's vocabulary, [0, nVocab). */

/** A plain number, named for the reader. */
export type TokenId = number;
