/** MemoryGuard: knows by fingerprints whether a text repeats the training corpus word for word. */

// A language model can write out what it was trained on. What repeats 60 tokens or more of it is not
// shown: it is somebody's text and not an answer to this file. The corpus is not here to compare with;
// `training/stetlm/guard.py` chose fingerprints of it by winnowing (Schleimer et al. 2003, section 3,
// https://theory.stanford.edu/~aiken/publications/papers/sigmod03.pdf) and says why it is safe; this is
// its twin. docs/model-format.md has the file's layout and the figures.
//
// It does not see a copy that is indented otherwise or has its names changed: that has other tokens.

import { EngineError } from '../base/error.ts';

/** The file's name in a model folder. */
export const memoryGuardFile = 'memory-guard.bin';

/** SHA-256 of bytes; given by the host, since the engine has no such function. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

const magic = 'STETGRD\0';
const version = 1;
const headerBytes = 8 + 9 * 4 + 32; // magic, numbers, SHA-256 of tokenizer.json
const checksumBytes = 32;

/** The header's numbers, in their order after the version. */
interface Parameters {
  /** A run of this many tokens is withheld. */
  readonly runTokens: number;
  /** Tokens of one hash. */
  readonly gramTokens: number;
  /** Hashes of one window, the least of which is its fingerprint. */
  readonly window: number;
  /** A run of fewer different tokens is nobody's text: tables of zeros, closing brackets. */
  readonly minDistinct: number;
  /** So many different fingerprints of a run have to be known, and all that there are. */
  readonly minKeys: number;
  /** Bits of the filter per fingerprint. */
  readonly nProbes: number;
  readonly nBits: number;
  readonly nKeys: number;
}

/** The fingerprints of one training corpus. Immutable. */
export class MemoryGuard {
  /** Fingerprints in the filter. */
  readonly nKeys: number;

  private constructor(
    private readonly parameters: Parameters,
    /** [nBits / 8]; bit i is bit i % 8 of byte i / 8. */
    private readonly bits: Uint8Array,
  ) {
    this.nKeys = parameters.nKeys;
  }

  /** Reads the file. Throws EngineError when it is damaged or was made for another tokenizer.json. */
  static parse(bytes: Uint8Array, tokenizerJson: Uint8Array, sha256: Sha256): MemoryGuard {
    if (bytes.length < headerBytes + checksumBytes) throw corrupt('it is too short');
    if (String.fromCharCode(...bytes.subarray(0, magic.length)) !== magic)
      throw corrupt('it begins otherwise');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const number = (i: number) => view.getUint32(magic.length + 4 * i, true);
    if (number(0) !== version) throw corrupt(`its version is ${number(0)}, not ${version}`);
    const end = bytes.length - checksumBytes;
    if (!isEqual(sha256(bytes.subarray(0, end)), bytes.subarray(end))) throw corrupt('its checksum is wrong');
    const parameters: Parameters = {
      runTokens: number(1),
      gramTokens: number(2),
      window: number(3),
      minDistinct: number(4),
      minKeys: number(5),
      nProbes: number(6),
      nBits: number(7),
      nKeys: number(8),
    };
    if (!isSound(parameters) || end !== headerBytes + parameters.nBits / 8) {
      throw corrupt('its numbers do not agree');
    }
    if (!isEqual(sha256(tokenizerJson), bytes.subarray(headerBytes - 32, headerBytes))) {
      throw corrupt('it was made for another tokenizer.json');
    }
    return new MemoryGuard(parameters, bytes.subarray(headerBytes, end));
  }

  /**
   * Whether some `runTokens` consecutive tokens stand like this in the corpus. Always true when they
   * do (and are of `minDistinct` different tokens), rarely when they do not.
   */
  repeatsCorpus(tokens: Int32Array): boolean {
    const { runTokens, gramTokens, window, minKeys, minDistinct } = this.parameters;
    if (tokens.length < runTokens) return false;
    const hashes = gramHashes(tokens, gramTokens);
    const least = windowMinima(hashes, window);
    const nWindows = runTokens - gramTokens - window + 2; // of one run
    let nKnown = 0; // windows in a row whose fingerprint is known
    for (let i = 0; i < least.length; i++) {
      // Neighbouring windows mostly have the same fingerprint.
      const isSame = i > 0 && least[i] === least[i - 1];
      const isKnown = isSame ? nKnown > 0 : this.knows(hashes[least[i] as number] as number);
      nKnown = isKnown ? nKnown + 1 : 0;
      if (nKnown < nWindows) continue;
      const start = i - nWindows + 1; // of the run: the first window begins with its first token
      const keys = least.subarray(start, i + 1).map((at) => hashes[at] as number);
      if (nDistinct(keys) < minKeys) continue;
      if (nDistinct(tokens.subarray(start, start + runTokens)) >= minDistinct) return true;
    }
    return false;
  }

  private knows(key: number): boolean {
    const { nProbes, nBits } = this.parameters;
    // Double hashing (Kirsch, Mitzenmacher 2008): probe i is first + i * step, modulo 2^32.
    const first = mixed(key ^ 0x243f6a88);
    const step = mixed(key ^ 0x85a308d3) | 1;
    for (let i = 0; i < nProbes; i++) {
      const bit = ((first + Math.imul(i, step)) >>> 0) % nBits;
      if (!((this.bits[bit >>> 3] as number) & (1 << (bit & 7)))) return false;
    }
    return true;
  }
}

/** MurmurHash3's finaliser, in [0, 2^32). */
function mixed(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Hashes of each `gram` consecutive tokens, [tokens.length - gram + 1]: a polynomial modulo 2^32, mixed. */
export function gramHashes(tokens: Int32Array, gram: number): Uint32Array {
  const spread = Uint32Array.from(tokens, (token) => mixed(token + 0x9e3779b9));
  const hashes = new Uint32Array(Math.max(0, tokens.length - gram + 1));
  for (let i = 0; i < hashes.length; i++) {
    let total = 0;
    for (let j = i; j < i + gram; j++) total = (Math.imul(total, 0x01000193) + (spread[j] as number)) | 0;
    hashes[i] = mixed(total);
  }
  return hashes;
}

/** Where in each window the least hash stands, the rightmost of equals; [hashes.length - window + 1]. */
export function windowMinima(hashes: Uint32Array, window: number): Int32Array {
  const least = new Int32Array(Math.max(0, hashes.length - window + 1));
  for (let i = 0; i < least.length; i++) {
    let at = i;
    for (let j = i + 1; j < i + window; j++) if ((hashes[j] as number) <= (hashes[at] as number)) at = j;
    least[i] = at;
  }
  return least;
}

function nDistinct(values: Iterable<number>): number {
  return new Set(values).size;
}

function isSound({ runTokens, gramTokens, window, nProbes, nBits }: Parameters): boolean {
  const isRun = gramTokens >= 1 && window >= 1 && gramTokens + window - 1 <= runTokens && runTokens <= 4096;
  return isRun && nProbes >= 1 && nProbes <= 32 && nBits >= 8 && nBits % 8 === 0;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function corrupt(problem: string): EngineError {
  return new EngineError(
    'model-corrupt',
    `The model's file ${memoryGuardFile}, which keeps suggestions from repeating the training data, is not what it should be: ${problem}. Install Stet again, or download the model again.`,
  );
}
