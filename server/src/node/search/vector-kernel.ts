/** vectorKernel: the inner loop of the vector scan as a WebAssembly module, assembled here byte by byte. */

// `scan` writes one score per row: the dot product of an int16 query with int8 rows, times the row's
// scale. V8 has no SIMD for JavaScript; this is some ten times faster than the loop in vector-scan.
// Opcodes: https://webassembly.github.io/spec/core/binary/instructions.html#vector-instructions

/** Exports of the module. All pointers are bytes in `memory`; `nRow` ≥ 1 and `dims` a positive multiple of 16. */
export interface VectorKernel {
  scan(rows: number, scales: number, nRow: number, query: number, dims: number, scores: number): void;
}

const i32 = 0x7f;
const v128 = 0x7b;

// The parameters and locals of `scan`, by index.
const [rows, scales, nRow, query, dims, scores, chunk, rowEnd, sum] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const constant = (value: number) => [0x41, ...signed(value)];
const add = [0x6a];
const subtract = [0x6b];
const advance = (local: number, bytes: number) => [...get(local), ...constant(bytes), ...add, ...set(local)];
const simd = (opcode: number) => [0xfd, ...unsigned(opcode)];
const load = (offset: number) => [...simd(0x00), 0, ...unsigned(offset)]; // v128.load, alignment 1
const extendLow = simd(0x87); // i16x8.extend_low_i8x16_s
const extendHigh = simd(0x88); // i16x8.extend_high_i8x16_s
const dotPairs = simd(0xba); // i32x4.dot_i16x8_s
const addLanes = simd(0xae); // i32x4.add
const lane = (index: number) => [...simd(0x1b), index]; // i32x4.extract_lane
const loop = [0x03, 0x40];
const end = [0x0b];
const branchIf = [0x0d, 0];

/** sum += 8 of the 16 bytes at `rows`, widened, times 8 numbers of the query. */
const multiplyHalf = (extend: readonly number[], queryOffset: number) => [
  ...get(sum),
  ...get(rows), ...load(0), ...extend,
  ...get(chunk), ...load(queryOffset),
  ...dotPairs, ...addLanes,
  ...set(sum),
]; // biome-ignore format: one operand a line

const scanBody = [
  ...loop, // over rows
  ...simd(0x0c), ...new Array<number>(16).fill(0), ...set(sum), // v128.const 0
  ...get(query), ...set(chunk),
  ...get(rows), ...get(dims), ...add, ...set(rowEnd),
  ...loop, // over 16 numbers of the row
  ...multiplyHalf(extendLow, 0),
  ...multiplyHalf(extendHigh, 16),
  ...advance(chunk, 32),
  ...advance(rows, 16),
  ...get(rows), ...get(rowEnd), 0x49, ...branchIf, // i32.lt_u
  ...end,
  ...get(scores),
  ...get(sum), ...lane(0), ...get(sum), ...lane(1), ...add,
  ...get(sum), ...lane(2), ...add, ...get(sum), ...lane(3), ...add,
  0xb2, // f32.convert_i32_s
  ...get(scales), 0x2a, 2, 0, 0x94, // f32.load, f32.mul
  0x38, 2, 0, // f32.store
  ...advance(scores, 4),
  ...advance(scales, 4),
  ...get(nRow), ...constant(1), ...subtract, 0x22, nRow, ...branchIf, // local.tee
  ...end,
]; // biome-ignore format: an instruction or an operand a line

/** Undefined where WebAssembly has no SIMD. `memory` is exported to the caller by being the caller's. */
export function vectorKernel(memory: WebAssembly.Memory): VectorKernel | undefined {
  const bytes = moduleBytes();
  if (!WebAssembly.validate(bytes)) return undefined;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { stet: { memory } });
  return instance.exports as unknown as VectorKernel;
}

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const locals = [3, 1, i32, 1, i32, 1, v128]; // chunk, rowEnd, sum
  const code = [...locals, ...scanBody, ...end];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 6, i32, i32, i32, i32, i32, i32, 0]), // one type: six i32 to nothing
    ...section(2, [1, ...name('stet'), ...name('memory'), 0x02, 0x00, 1]), // a memory of at least one page
    ...section(3, [1, 0]), // one function, of type 0
    ...section(7, [1, ...name('scan'), 0x00, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** LEB128 of a number that is not negative. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
