// As much DER (ITU-T X.690) as certificates need: building a value from its parts, and walking through one that was read.

export const TAG = {
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  boolean: 0x01,
  integer: 0x02,
  objectIdentifier: 0x06,
} as const;

/** One value: tag, length, contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 + octets.length, ...octets];
}

/** An OBJECT IDENTIFIER from its dotted form: `2.5.29.17`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  return der(TAG.objectIdentifier, Buffer.from([40 * first + second, ...arcs].flatMap(base128)));
}

function base128(arc: number): number[] {
  const octets = [arc & 0x7f];
  for (let rest = arc >> 7; rest > 0; rest >>= 7) octets.unshift(0x80 | (rest & 0x7f));
  return octets;
}

/** Bits that fill whole octets, but for the last `unused` ones. */
export function bitString(bits: Uint8Array, unused = 0): Buffer {
  return der(TAG.bitString, Buffer.from([unused]), bits);
}

export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag and length included. */
  readonly raw: Buffer;
}

/** The value at the start of `bytes`; what follows it is left alone. @throws RangeError when it is cut off or not DER. */
export function readDer(bytes: Uint8Array): DerValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = buffer.readUInt8(0);
  const first = buffer.readUInt8(1);
  const lengthSize = first < 0x80 ? 0 : first - 0x80;
  if (lengthSize > 4 || first === 0x80) throw new RangeError('not a DER length');
  const length = lengthSize === 0 ? first : buffer.readUIntBE(2, lengthSize);
  const start = 2 + lengthSize;
  if (start + length > buffer.length) throw new RangeError('a DER value is cut off');
  return { tag, content: buffer.subarray(start, start + length), raw: buffer.subarray(0, start + length) };
}

/** The values inside a constructed one. @throws RangeError when they do not fill it. */
export function derChildren(value: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let rest = value.content; rest.length > 0; ) {
    const child = readDer(rest);
    children.push(child);
    rest = rest.subarray(child.raw.length);
  }
  return children;
}
