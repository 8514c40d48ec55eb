/** Just enough of DER to write an X.509 certificate. */
export type Der = Buffer

function tlv(tag: number, content: Buffer): Der {
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  const short = bytes.subarray(bytes.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, content])
}

export const sequence = (...parts: Der[]): Der => tlv(0x30, Buffer.concat(parts))
export const set = (...parts: Der[]): Der => tlv(0x31, Buffer.concat(parts))
export const utf8 = (text: string): Der => tlv(0x0c, Buffer.from(text))
export const octets = (content: Buffer): Der => tlv(0x04, content)
export const bits = (content: Buffer, unused = 0): Der =>
  tlv(0x03, Buffer.concat([Buffer.from([unused]), content]))
export const truth = (): Der => tlv(0x01, Buffer.from([0xff]))
/** `[number]`, constructed. */
export const tagged = (number: number, content: Buffer): Der => tlv(0xa0 | number, content)
/** `[number]`, holding bytes. */
export const taggedBytes = (number: number, content: Buffer): Der => tlv(0x80 | number, content)

/** Not negative. */
export function integer(value: Buffer): Der {
  const first = value[0] ?? 0
  return tlv(0x02, first >= 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value)
}

export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}

/** UTCTime: until 2049. */
export function time(date: Date): Der {
  const text = date.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')
  return tlv(0x17, Buffer.from(text.slice(2)))
}
