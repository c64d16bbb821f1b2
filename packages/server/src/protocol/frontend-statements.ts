/** Messages of a client that runs a statement by the extended query protocol ("Message Flow", Extended Query). */
import { buildMessage, field } from './message-builder.ts'

const UNNAMED = field.string('')
const NONE = field.int16(0)

/**
 * Parse, Bind and Execute of an unnamed statement, its parameters and results in text format.
 * @param parameters bytes in the encoding of the session; strings in UTF-8
 */
export function encodeStatement(text: string, parameters: readonly (string | Buffer)[]): Buffer {
  const values = parameters.flatMap((value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
    return [field.int32(bytes.length), bytes]
  })
  return Buffer.concat([
    buildMessage('P', UNNAMED, field.string(text), NONE),
    buildMessage('B', UNNAMED, UNNAMED, NONE, field.int16(parameters.length), ...values, NONE),
    buildMessage('E', UNNAMED, field.int32(0)),
  ])
}

/** A simple Query. Only for text that holds nothing of a user's. */
export const encodeQuery = (text: string): Buffer => buildMessage('Q', field.string(text))

/** @param statement one character per byte */
export const encodeDescribeStatement = (statement: string): Buffer =>
  buildMessage('D', Buffer.from('S', 'latin1'), field.string(Buffer.from(statement, 'latin1')))

/** @param statement one character per byte */
export const encodeCloseStatement = (statement: string): Buffer =>
  buildMessage('C', Buffer.from('S', 'latin1'), field.string(Buffer.from(statement, 'latin1')))

/** @param statement one character per byte */
export const encodeParse = (statement: string, text: string): Buffer =>
  buildMessage('P', field.string(Buffer.from(statement, 'latin1')), field.string(text), NONE)

export const encodeFlush = (): Buffer => buildMessage('H')

export const encodeTerminate = (): Buffer => buildMessage('X')

export const encodeSync = (): Buffer => buildMessage('S')
