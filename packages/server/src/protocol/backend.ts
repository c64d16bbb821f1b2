/**
 * Messages of a server: what the gateway says before it has a backend, and enough for a small server that
 * answers simple queries in text form. Names and fields as in PostgreSQL, "Message Formats".
 */
import { buildMessage, field } from './message-builder.ts'

const AUTHENTICATION_OK = 0
const AUTHENTICATION_CLEARTEXT_PASSWORD = 3

export const encodeAuthenticationOk = (): Buffer => buildMessage('R', field.int32(AUTHENTICATION_OK))
export const encodeAuthenticationCleartextPassword = (): Buffer =>
  buildMessage('R', field.int32(AUTHENTICATION_CLEARTEXT_PASSWORD))

export const encodeParameterStatus = (name: string, value: string): Buffer =>
  buildMessage('S', field.string(name), field.string(value))

/** 4 bytes of key in protocol 3.0, up to 256 in 3.2. */
export const encodeBackendKeyData = (processId: number, key: Buffer): Buffer =>
  buildMessage('K', field.int32(processId), key)

export type TransactionStatus = 'idle' | 'in_transaction' | 'in_failed_transaction'
const TRANSACTION_STATUS = { idle: 'I', in_transaction: 'T', in_failed_transaction: 'E' } as const

export const encodeReadyForQuery = (status: TransactionStatus = 'idle'): Buffer =>
  buildMessage('Z', Buffer.from(TRANSACTION_STATUS[status], 'latin1'))

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
    'T',
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
    'D',
    field.int16(values.length),
    ...values.flatMap((value) => {
      if (value === null) return [field.int32(-1)]
      const bytes = Buffer.from(value, 'utf8')
      return [field.int32(bytes.length), bytes]
    }),
  )
}

/** `tag` is for instance `SELECT 1`. */
export const encodeCommandComplete = (tag: string): Buffer => buildMessage('C', field.string(tag))
