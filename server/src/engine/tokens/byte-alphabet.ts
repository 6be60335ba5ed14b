/** The byte alphabet: the 256 printable characters in which byte-level BPE vocabularies spell bytes. */

// Radford et al. 2019 (GPT-2), `bytes_to_unicode`: printable Latin-1 stands for itself, every other
// byte for the next code point from U+0100 on. Every tokenizer.json with a ByteLevel part uses it.

/** byte → character. */
export const charOfByte: readonly string[] = alphabet();

const byteOfChar = new Map(charOfByte.map((char, byte) => [char, byte]));

/** The bytes that a vocabulary entry spells; undefined when a character is not of the alphabet. */
export function bytesOfSpelling(spelling: string): Uint8Array | undefined {
  const bytes = new Uint8Array(spelling.length); // the alphabet lies in one UTF-16 unit per byte
  for (let i = 0; i < spelling.length; i++) {
    const byte = byteOfChar.get(spelling.charAt(i));
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/** True for bytes that occur in valid UTF-8: all but C0, C1 and F5…FF. */
export function occursInUtf8(byte: number): boolean {
  return byte !== 0xc0 && byte !== 0xc1 && byte < 0xf5;
}

function alphabet(): string[] {
  let nHidden = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(isPrintable ? byte : 256 + nHidden++);
  });
}
