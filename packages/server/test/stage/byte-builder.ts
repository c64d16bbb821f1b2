/**
 * PostgreSQL messages written from the manual ("Message Formats"), independently of src/protocol: the codec is never
 * tested with itself. Everything can be made wrong on purpose.
 */
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}
export const cstring = (text: string | Buffer): Buffer =>
  Buffer.concat([typeof text === 'string' ? Buffer.from(text, 'utf8') : text, Buffer.of(0)])

/** A packet without a type byte; `length` replaces the true one. */
export const untyped = (body: Buffer, length = body.length + 4): Buffer =>
  Buffer.concat([int32(length), body])
/** A message with a type byte; `length` replaces the true one. */
export const typed = (type: string, body: Buffer, length = body.length + 4): Buffer =>
  Buffer.concat([Buffer.from(type, 'latin1'), int32(length), body])

export const PROTOCOL_3_0 = 0x0003_0000
export const PROTOCOL_3_2 = 0x0003_0002

export const sslRequest = (): Buffer => untyped(int32(80877103))
export const gssEncryptionRequest = (): Buffer => untyped(int32(80877104))
export const cancelRequest = (processId: number, key: Buffer): Buffer =>
  untyped(Buffer.concat([int32(80877102), int32(processId), key]))
export const startupMessage = (
  parameters: readonly (readonly [name: string | Buffer, value: string | Buffer])[],
  version = PROTOCOL_3_0,
): Buffer =>
  untyped(
    Buffer.concat([
      int32(version),
      ...parameters.flatMap(([name, value]) => [cstring(name), cstring(value)]),
      Buffer.of(0),
    ]),
  )
export const passwordMessage = (password: string | Buffer): Buffer => typed('p', cstring(password))
export const queryMessage = (sql: string): Buffer => typed('Q', cstring(sql))
export const terminateMessage = (): Buffer => typed('X', Buffer.alloc(0))
/** `length` replaces the true one; -1 and no response is a client that waits to be asked. */
export const saslInitialResponse = (mechanism: string, response: Buffer, length = response.length): Buffer =>
  typed('p', Buffer.concat([cstring(mechanism), int32(length), response]))
export const saslResponse = (response: Buffer): Buffer => typed('p', response)

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
export const parseMessage = (statement: string, sql: string): Buffer =>
  typed('P', Buffer.concat([cstring(statement), cstring(sql), int16(0)]))
/** Parameters and results in text format. */
export const bindMessage = (statement: string, parameters: readonly string[] = [], portal = ''): Buffer =>
  typed(
    'B',
    Buffer.concat([
      cstring(portal),
      cstring(statement),
      int16(0),
      int16(parameters.length),
      ...parameters.flatMap((text) => [int32(Buffer.byteLength(text)), Buffer.from(text)]),
      int16(0),
    ]),
  )
export const describeStatement = (statement: string): Buffer =>
  typed('D', Buffer.concat([Buffer.from('S'), cstring(statement)]))
export const closeStatement = (statement: string): Buffer =>
  typed('C', Buffer.concat([Buffer.from('S'), cstring(statement)]))
export const describePortal = (portal: string): Buffer =>
  typed('D', Buffer.concat([Buffer.from('P'), cstring(portal)]))
export const closePortal = (portal: string): Buffer =>
  typed('C', Buffer.concat([Buffer.from('P'), cstring(portal)]))
export const executeMessage = (portal = '', rows = 0): Buffer =>
  typed('E', Buffer.concat([cstring(portal), int32(rows)]))
export const syncMessage = (): Buffer => typed('S', Buffer.alloc(0))
export const flushMessage = (): Buffer => typed('H', Buffer.alloc(0))
export const copyData = (bytes: Buffer | string): Buffer => typed('d', Buffer.from(bytes))
export const copyDone = (): Buffer => typed('c', Buffer.alloc(0))
export const copyFail = (reason: string): Buffer => typed('f', cstring(reason))
/** With one argument, argument and result in text format. */
export const functionCall = (functionOid: number, argument: string): Buffer =>
  typed(
    'F',
    Buffer.concat([
      int32(functionOid),
      int16(0),
      int16(1),
      int32(Buffer.byteLength(argument)),
      Buffer.from(argument),
      int16(0),
    ]),
  )
