/** Messages of a client that runs a statement by the extended query protocol ("Message Flow", Extended Query). */
import { buildMessage, field } from './message-builder.ts'

const UNNAMED = field.string('')
const NONE = field.int16(0)

/** Parse, Bind and Execute of an unnamed statement, its parameters and results in text format. */
export function encodeStatement(text: string, parameters: readonly string[]): Buffer {
  const values = parameters.flatMap((value) => {
    const bytes = Buffer.from(value, 'utf8')
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

export const encodeFlush = (): Buffer => buildMessage('H')

export const encodeTerminate = (): Buffer => buildMessage('X')

export const encodeSync = (): Buffer => buildMessage('S')
