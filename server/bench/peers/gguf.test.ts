/** Tests of the GGUF writer: float16 bits here; whole files are checked by llama.cpp agreeing with us. */

import { expect, test } from 'vitest';
import { toHalf } from './gguf.ts';

/** The value of float16 bits, as the standard defines it. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14);
}

test('every finite float16 is itself', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    if ((bits & 0x7c00) !== 0x7c00) expect(toHalf(fromHalf(bits))).toBe(bits);
  }
});

test('what lies between two is rounded to the nearer, and to the even one in the middle', () => {
  for (let bits = 0; bits < 0x7bff; bits += 7) {
    const [low, high] = [fromHalf(bits), fromHalf(bits + 1)];
    expect(toHalf(low + 0.4 * (high - low))).toBe(bits);
    expect(toHalf(low + 0.6 * (high - low))).toBe(bits + 1);
    expect(toHalf((low + high) / 2)).toBe(bits % 2 === 0 ? bits : bits + 1);
  }
  expect(toHalf(1e6)).toBe(0x7c00);
});
