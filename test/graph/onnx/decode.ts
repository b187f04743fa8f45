/** Reads back ONNX files for the tests: protobuf fields, and from them the operators of a model. */

export interface Field {
  field: number;
  /** A number for varints and 32-bit floats (`wire` tells), bytes otherwise. */
  value: bigint | Uint8Array;
  wire: number;
}

/** The fields of one message, in order. */
export function decode(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    let value: bigint | Uint8Array;
    if (wire === 0) value = varint();
    else {
      const length = wire === 5 ? 4 : wire === 1 ? 8 : Number(varint());
      if (at + length > bytes.length) throw new Error('a field runs past the end');
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.push({ field: tag >> 3, value, wire });
  }
  return fields;
}

/** The values of one field number. */
export function all(bytes: Uint8Array, field: number): (bigint | Uint8Array)[] {
  return decode(bytes)
    .filter((f) => f.field === field)
    .map((f) => f.value);
}

export const text = (value: bigint | Uint8Array): string => Buffer.from(value as Uint8Array).toString();

/** How often each operator occurs in a ModelProto: {Conv: 4, Add: 2}. */
export function operators(model: Uint8Array): Record<string, number> {
  const graph = all(model, 7)[0] as Uint8Array;
  const counts: Record<string, number> = {};
  for (const node of all(graph, 1)) {
    const type = text(all(node as Uint8Array, 4)[0]);
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}
