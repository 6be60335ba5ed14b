/** OnnxFile: builds the bytes of an ONNX model, node by node. */

// Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto),
// message by message. Only what our graphs use is here; nothing is checked that ONNX Runtime checks.

import { ProtobufWriter } from './protobuf.ts';

export type OnnxType = 'float32' | 'uint8' | 'int8' | 'int32' | 'int64';

/** A tensor in the weights file. */
export interface StoredTensor {
  readonly type: OnnxType;
  /** Outermost first. */
  readonly shape: readonly number[];
  /** Into the weights file. */
  readonly offset: number;
  readonly lengthBytes: number;
}

/** A float attribute is marked, because 1 is an integer attribute and 1.0 looks the same. */
type OnnxAttribute = number | string | { readonly float: number };

/** The domain of ONNX Runtime's own operators. */
export const microsoft = 'com.microsoft';

const irVersion = 10;
const opsetVersion = 21;
const typeCode: Record<OnnxType, number> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 };

/** Values are named by strings; '' is an absent optional input or output. */
export class OnnxFile {
  private readonly nodes: ProtobufWriter[] = [];
  private readonly initializers: ProtobufWriter[] = [];
  private readonly inputs: ProtobufWriter[] = [];
  private readonly outputs: ProtobufWriter[] = [];
  private nName = 0;

  /** `weightsFile` is the name of the file that stored tensors lie in, beside the model's own. */
  constructor(private readonly weightsFile: string) {}

  /** A fresh value name. */
  name(stem: string): string {
    return `${stem}_${this.nName++}`;
  }

  /** A string dimension is any size, the same wherever it is named. */
  input(name: string, type: OnnxType, shape: readonly (number | string)[]): string {
    this.inputs.push(valueInfo(name, tensorType(type, shape)));
    return name;
  }

  output(name: string, type: OnnxType, shape: readonly (number | string)[]): void {
    this.outputs.push(valueInfo(name, tensorType(type, shape)));
  }

  /** An output that is a sequence of float tensors. */
  sequenceOutput(name: string): void {
    const element = new ProtobufWriter().message(1, new ProtobufWriter().int(1, typeCode.float32));
    const type = new ProtobufWriter().message(4, new ProtobufWriter().message(1, element));
    this.outputs.push(valueInfo(name, type));
  }

  /** A node with one output of a fresh name, which it returns. */
  node(operator: string, inputs: readonly string[], attributes?: Attributes, domain?: string): string {
    const output = this.name(operator);
    this.nodeTo([output], operator, inputs, attributes, domain);
    return output;
  }

  nodeTo(
    outputs: readonly string[],
    operator: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain = '',
  ): void {
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, this.name('node')).text(4, operator);
    for (const [key, value] of Object.entries(attributes)) node.message(5, attribute(key, value));
    if (domain !== '') node.text(7, domain);
    this.nodes.push(node);
  }

  /** A small constant inside the model file. */
  constant(
    name: string,
    type: OnnxType,
    shape: readonly number[],
    data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number },
  ): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push(tensor(name, type, shape).bytes(9, bytes));
    return name;
  }

  /** A constant in the weights file. */
  stored(name: string, { type, shape, offset, lengthBytes }: StoredTensor): string {
    const proto = tensor(name, type, shape);
    const where = { location: this.weightsFile, offset: `${offset}`, length: `${lengthBytes}` };
    for (const [key, value] of Object.entries(where)) {
      proto.message(13, new ProtobufWriter().text(1, key).text(2, value));
    }
    this.initializers.push(proto.int(14, 1)); // data_location = EXTERNAL
    return name;
  }

  finish(): Uint8Array {
    const graph = new ProtobufWriter();
    for (const node of this.nodes) graph.message(1, node);
    graph.text(2, 'stet');
    for (const initializer of this.initializers) graph.message(5, initializer);
    for (const input of this.inputs) graph.message(11, input);
    for (const output of this.outputs) graph.message(12, output);
    return new ProtobufWriter()
      .int(1, irVersion)
      .text(2, 'stet')
      .message(7, graph)
      .message(8, new ProtobufWriter().int(2, opsetVersion))
      .message(8, new ProtobufWriter().text(1, microsoft).int(2, 1))
      .finish();
  }
}

type Attributes = Readonly<Record<string, OnnxAttribute>>;

function attribute(key: string, value: OnnxAttribute): ProtobufWriter {
  const proto = new ProtobufWriter().text(1, key);
  if (typeof value === 'number') return proto.int(3, value).int(20, 2);
  if (typeof value === 'string') return proto.text(4, value).int(20, 3);
  return proto.float(2, value.float).int(20, 1);
}

function tensor(name: string, type: OnnxType, shape: readonly number[]): ProtobufWriter {
  const proto = new ProtobufWriter();
  for (const dim of shape) proto.int(1, dim);
  return proto.int(2, typeCode[type]).text(8, name);
}

function tensorType(type: OnnxType, shape: readonly (number | string)[]): ProtobufWriter {
  const dims = new ProtobufWriter();
  for (const dim of shape) {
    const proto = new ProtobufWriter();
    dims.message(1, typeof dim === 'number' ? proto.int(1, dim) : proto.text(2, dim));
  }
  return new ProtobufWriter().message(1, new ProtobufWriter().int(1, typeCode[type]).message(2, dims));
}

function valueInfo(name: string, type: ProtobufWriter): ProtobufWriter {
  return new ProtobufWriter().text(1, name).message(2, type);
}
