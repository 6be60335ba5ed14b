/** decodeText: the bytes of a file as text, if they are text that people write. */

/** NUL in here is a binary file, as git judges. */
const binaryProbeBytes = 8000;

/** Undefined for what is binary. Bytes that are no UTF-8 become the replacement character; a mark at the start goes. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (bytes.subarray(0, binaryProbeBytes).includes(0)) return undefined;
  return new TextDecoder().decode(bytes);
}

/** Nobody writes lines of this length on average; what does is minified or data. */
const maxMeanLineLength = 300;
/** Shorter texts may be one long line. */
const minMinifiedLength = 5000;

export function isMinified(text: string): boolean {
  if (text.length < minMinifiedLength) return false;
  let nLines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) nLines++;
  return text.length / nLines > maxMeanLineLength;
}
