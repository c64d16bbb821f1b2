/** Messages of a client that runs a statement by the extended query protocol ("Message Flow", Extended Query). */
import { buildMessage, field } from './message-builder.ts'
import { FRONTEND, TARGET } from './message-types.ts'

const UNNAMED = field.string('')
const NONE = field.int16(0)

/**
 * Parse, Bind and Execute of an unnamed statement; parameters and results are in text format.
 * @param parameters bytes in the encoding of the session; strings in UTF-8
 */
export function encodeStatement(text: string, parameters: readonly (string | Buffer)[]): Buffer {
  const values = parameters.flatMap((value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value
    return [field.int32(bytes.length), bytes]
  })
  return Buffer.concat([
    buildMessage(FRONTEND.parse, UNNAMED, field.string(text), NONE),
    buildMessage(FRONTEND.bind, UNNAMED, UNNAMED, NONE, field.int16(parameters.length), ...values, NONE),
    buildMessage(FRONTEND.execute, UNNAMED, field.int32(0)),
  ])
}

/** A simple Query. Only for text that contains nothing from a user. */
export const encodeQuery = (text: string): Buffer => buildMessage(FRONTEND.query, field.string(text))

/** @param statement one character per byte */
export const encodeDescribeStatement = (statement: string): Buffer =>
  buildMessage(FRONTEND.describe, Buffer.of(TARGET.statement), field.string(Buffer.from(statement, 'latin1')))

/** @param statement one character per byte */
export const encodeCloseStatement = (statement: string): Buffer =>
  buildMessage(FRONTEND.close, Buffer.of(TARGET.statement), field.string(Buffer.from(statement, 'latin1')))

/** @param statement one character per byte */
export const encodeParse = (statement: string, text: string): Buffer =>
  buildMessage(FRONTEND.parse, field.string(Buffer.from(statement, 'latin1')), field.string(text), NONE)

export const encodeFlush = (): Buffer => buildMessage(FRONTEND.flush)

export const encodeTerminate = (): Buffer => buildMessage(FRONTEND.terminate)

export const encodeSync = (): Buffer => buildMessage(FRONTEND.sync)
