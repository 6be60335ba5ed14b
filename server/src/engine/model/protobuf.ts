/** ProtobufWriter: the few kinds of protobuf fields that an ONNX file is made of. */

// https://protobuf.dev/programming-guides/encoding/. Writing takes 60 lines; the library that could
// also read would be 20 MB. Our graphs are tens of kilobytes (weights live outside), so plain
// concatenation is fast enough.

/** A message under construction; fields appear in the order they are written. */
export class ProtobufWriter {
  private readonly parts: Uint8Array[] = [];
  private sizeBytes = 0;

  /** A varint field; `value` is a safe integer, negative ones as 64-bit two's complement. */
  int(field: number, value: number): this {
    return this.tag(field, 0).varint(value);
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.tag(field, 5).raw(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.tag(field, 2).varint(value.length).raw(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.finish());
  }

  /** The bytes written so far. */
  finish(): Uint8Array {
    const all = new Uint8Array(this.sizeBytes);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  private tag(field: number, wireType: number): this {
    return this.varint(field * 8 + wireType);
  }

  private varint(value: number): this {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
    return this.raw(Uint8Array.from(bytes));
  }

  private raw(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.sizeBytes += bytes.length;
    return this;
  }
}
