/** redacted: text whose letters and digits are gone, while its length, its words and its lines stay. */

/** Every letter becomes x or X, every digit 0; what code is made of besides stays. Cannot be undone. */
export function redacted(text: string): string {
  return text.replace(/\p{L}|\p{M}|\p{N}/gu, (character) => {
    if (/\p{N}/u.test(character)) return '0'.repeat(character.length);
    return (/\p{Lu}/u.test(character) ? 'X' : 'x').repeat(character.length);
  });
}
