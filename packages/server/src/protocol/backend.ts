/**
 * Messages of a server: what the gateway sends before it has a backend, and enough for a small server that answers
 * simple queries in text format. Names and fields as in PostgreSQL, "Message Formats".
 */
import { buildMessage, field } from './message-builder.ts'
import { BACKEND, TRANSACTION_STATUS } from './message-types.ts'

const AUTHENTICATION_OK = 0
const AUTHENTICATION_CLEARTEXT_PASSWORD = 3

export const encodeAuthenticationOk = (): Buffer =>
  buildMessage(BACKEND.authentication, field.int32(AUTHENTICATION_OK))
export const encodeAuthenticationCleartextPassword = (): Buffer =>
  buildMessage(BACKEND.authentication, field.int32(AUTHENTICATION_CLEARTEXT_PASSWORD))

export const encodeParameterStatus = (name: string, value: string): Buffer =>
  buildMessage(BACKEND.parameterStatus, field.string(name), field.string(value))

/** 4 bytes of key in protocol 3.0, up to 256 in 3.2. */
export const encodeBackendKeyData = (processId: number, key: Buffer): Buffer =>
  buildMessage(BACKEND.backendKeyData, field.int32(processId), key)

export type TransactionStatus = keyof typeof TRANSACTION_STATUS

export const encodeReadyForQuery = (status: TransactionStatus = 'idle'): Buffer =>
  buildMessage(BACKEND.readyForQuery, Buffer.of(TRANSACTION_STATUS[status]))

export interface ColumnDescription {
  readonly name: string
  /** `pg_type.oid`; 25 is text. */
  readonly typeOid: number
  /** `pg_type.typlen`; -1 means variable. */
  readonly typeLength: number
}

export const textColumn = (name: string): ColumnDescription => ({ name, typeOid: 25, typeLength: -1 })

/** Columns of no table, in text format. */
export function encodeRowDescription(columns: readonly ColumnDescription[]): Buffer {
  return buildMessage(
    BACKEND.rowDescription,
    field.int16(columns.length),
    ...columns.flatMap((column) => [
      field.string(column.name),
      field.int32(0),
      field.int16(0),
      field.int32(column.typeOid),
      field.int16(column.typeLength),
      field.int32(-1),
      field.int16(0),
    ]),
  )
}

/** Values in text format; null is SQL NULL. */
export function encodeDataRow(values: readonly (string | null)[]): Buffer {
  return buildMessage(
    BACKEND.dataRow,
    field.int16(values.length),
    ...values.flatMap((value) => {
      if (value === null) return [field.int32(-1)]
      const bytes = Buffer.from(value, 'utf8')
      return [field.int32(bytes.length), bytes]
    }),
  )
}

/** `tag` is for instance `SELECT 1`. */
export const encodeCommandComplete = (tag: string): Buffer =>
  buildMessage(BACKEND.commandComplete, field.string(tag))
