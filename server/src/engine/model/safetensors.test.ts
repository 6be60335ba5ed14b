/** Tensors come back as they were stored, and a damaged file is refused before it is believed. */

import { expect, test } from 'vitest';
import { encodeSafetensors, tinyModel } from '../testing/tiny-model.ts';
import { openSafetensors, type RandomAccessFile } from './safetensors.ts';

function file(bytes: Uint8Array, name = 'model.safetensors'): RandomAccessFile {
  return {
    name,
    sizeBytes: bytes.length,
    read: async (start, length) => bytes.slice(start, start + length),
  };
}

function withHeader(header: unknown, nData = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + nData);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

test.each(['F32', 'F16', 'BF16'] as const)('%s, over two shards', async (dtype) => {
  const { tensors, files } = tinyModel({ dtype, nShard: 2 });
  const shards = [...files].filter(([name]) => name.endsWith('.safetensors'));
  const source = await openSafetensors(shards.map(([name, bytes]) => file(bytes, name)));
  expect([...source.names].sort()).toEqual([...tensors.keys()].sort());
  for (const [name, { shape, data }] of tensors) {
    expect(source.shapeOf(name)).toEqual(shape);
    const read = await source.readElements(name, 0, data.length);
    expect(read.every((x, i) => x === data[i])).toBe(true);
  }
  const part = await source.readElements('model.norm.weight', 3, 5);
  expect([...part]).toEqual([...(tensors.get('model.norm.weight')?.data.slice(3, 8) ?? [])]);
});

test('every half-precision value, subnormals and infinities included', async () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const bytes = withHeader({ x: { dtype: 'F16', shape: [65536], data_offsets: [0, 131072] } }, 131072);
  bytes.set(new Uint8Array(halves.buffer), bytes.length - 131072);
  const source = await openSafetensors([file(bytes)]);
  const values = await source.readElements('x', 0, 65536);
  halves.forEach((half, i) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size =
      exponent === 31
        ? fraction > 0
          ? Number.NaN
          : Number.POSITIVE_INFINITY
        : exponent === 0
          ? fraction * 2 ** -24
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    if (!Object.is(values[i], half >> 15 ? -size : size)) throw new Error(`${i}: ${values[i]}, not ${size}`);
  });
});

const whole = encodeSafetensors(new Map([['x', { shape: [4], data: Float32Array.of(1, 2, 3, 4) }]]));
const entry = { dtype: 'F32', shape: [4], data_offsets: [0, 16] };

test.each([
  ['an empty file', new Uint8Array(0), /0 bytes/],
  ['cut inside the header', whole.slice(0, 20), /truncated/],
  ['cut inside the data', whole.slice(0, -1), /truncated: it has \d+ of at least \d+/],
  [
    'a Git LFS pointer',
    new TextEncoder().encode('version https://example.org/spec/v1\noid sha256:0'),
    /git lfs pull/,
  ],
  ['text', new TextEncoder().encode('<html>not found</html>'), /does not begin like/],
  ['no JSON', withHeader('{"x": '), /not JSON/],
  ['a list', withHeader([]), /not JSON/],
  [
    'a shape that does not fit',
    withHeader({ x: { ...entry, shape: [5] } }, 16),
    /16 bytes for the shape \[5\]/,
  ],
  ['negative offsets', withHeader({ x: { ...entry, data_offsets: [-16, 0] } }, 16), /malformed/],
  ['no offsets', withHeader({ x: { dtype: 'F32', shape: [4] } }, 16), /malformed/],
  ['null', withHeader({ x: null }), /malformed/],
])('corrupt: %s', async (_name, bytes, message) => {
  const opening = openSafetensors([file(bytes)]);
  await expect(opening).rejects.toThrowError(message);
  await expect(opening).rejects.toMatchObject({ code: 'model-corrupt' });
  await expect(opening).rejects.toThrowError(/model\.safetensors.*Download it again/);
});

test('an integer tensor is refused only when it is read', async () => {
  const bytes = withHeader({ x: { dtype: 'I8', shape: [4], data_offsets: [0, 4] } }, 4);
  const source = await openSafetensors([file(bytes)]);
  await expect(source.readElements('x', 0, 4)).rejects.toMatchObject({ code: 'model-unsupported' });
});

test('a missing tensor and one that is there twice', async () => {
  const source = await openSafetensors([file(whole)]);
  expect(() => source.shapeOf('y')).toThrowError(/lack the tensor y/);
  await expect(openSafetensors([file(whole), file(whole, 'b.safetensors')])).rejects.toThrowError(
    /in two files/,
  );
});
