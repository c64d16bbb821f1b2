/** Writes protocol messages: fields in the order of "Message Formats"; the length word is filled in at the end. */

const int32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

const NUL = Buffer.of(0)

/** A String of the protocol: an embedded NUL would end it early and shift everything after it. */
function string(text: string | Buffer): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
  if (bytes.includes(0)) throw new RangeError('a string of the protocol cannot contain a NUL byte')
  return Buffer.concat([bytes, NUL])
}

export const field = { int16, int32, string } as const

/** @param type one of message-types.ts, or the type of a frame that is passed on */
export function buildMessage(type: number, ...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields)
  return Buffer.concat([Buffer.of(type), int32(body.length + 4), body])
}

/** A startup packet, which has no type byte. */
export function buildStartupPacket(...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields)
  return Buffer.concat([int32(body.length + 4), body])
}
